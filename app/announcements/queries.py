"""Reading announcements in their order."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.models import Announcement, ReactionCursor


def position_of(announcement: Announcement) -> int:
    """The place of an announcement that next_for gave, which always has one."""
    if announcement.position is None:
        raise ValueError(f"announcement {announcement.id} has no position yet")
    return announcement.position


async def after(
    session: AsyncSession,
    position: int,
    limit: int,
    *,
    topics: Sequence[str],
) -> list[Announcement]:
    """At most `limit` sequenced announcements of `topics` after `position`, oldest first."""
    later = Announcement.position > position, Announcement.topic.in_(topics)
    wanted = select(Announcement).where(*later).order_by(Announcement.position).limit(limit)
    return list((await session.scalars(wanted)).all())


async def position_reached(session: AsyncSession, name: str) -> int:
    """Where the cursor `name` stood when it was last committed: for who follows another's work."""
    stood = select(ReactionCursor.position).where(ReactionCursor.name == name)
    return (await session.execute(stood)).scalar_one_or_none() or 0
