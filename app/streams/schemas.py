"""Wire shapes of announcements."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.announcements.models import Announcement


class AnnouncementView(BaseModel):
    """One thing that happened. Positions only grow: resume after the last one seen."""

    position: int
    topic: str
    subject: str
    payload: dict[str, Any]
    created_at: datetime


class Feed(BaseModel):
    """Announcements in their order; ask again with `after` = `last_position`."""

    items: list[AnnouncementView]
    last_position: int


def feed_of(announcements: list[Announcement], after: int) -> Feed:
    """What is shown to a reader who has seen everything up to `after`."""
    items = [
        AnnouncementView(
            position=each.position or 0,
            topic=each.topic,
            subject=each.subject,
            payload=each.payload,
            created_at=each.created_at,
        )
        for each in announcements
    ]
    return Feed(items=items, last_position=items[-1].position if items else after)
