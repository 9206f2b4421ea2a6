"""Reading announcements in their order."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.models import Announcement


async def after(
    session: AsyncSession,
    position: int,
    limit: int,
    *,
    topics: Sequence[str] | None = None,
    subject: str | None = None,
) -> list[Announcement]:
    """At most `limit` sequenced announcements after `position`, oldest first."""
    wanted = select(Announcement).where(Announcement.position > position).order_by(Announcement.position).limit(limit)
    if topics is not None:
        wanted = wanted.where(Announcement.topic.in_(topics))
    if subject is not None:
        wanted = wanted.where(Announcement.subject == subject)
    return list((await session.scalars(wanted)).all())
