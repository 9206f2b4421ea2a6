"""What a reader of the feed may see: the chain is public, a private task's life on the market is not."""

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.models import Announcement
from app.database import Address
from app.tasks.models import Task


async def visible_after(
    session: AsyncSession, position: int, limit: int, *, account: Address | None, subject: str | None
) -> list[Announcement]:
    """At most `limit` announcements after `position`, oldest first, that `account` (None: anybody) may see."""
    wanted = (
        select(Announcement)
        .where(Announcement.position > position, is_visible_to(account))
        .order_by(Announcement.position)
        .limit(limit)
    )
    if subject is not None:
        wanted = wanted.where(Announcement.subject == subject)
    return list((await session.scalars(wanted)).all())


def is_visible_to(account: Address | None) -> ColumnElement[bool]:
    """Chain events are everybody's, what concerns an account is its own. Intents are read where they belong, at
    /v1/intents, and never here."""
    of_task = Announcement.subject.startswith("task:")
    own = false() if account is None else Announcement.subject == f"account:{account}"
    of_others = and_(Announcement.subject.startswith("account:"), ~own)
    whose = Task.visibility == "public"
    if account is not None:
        whose = or_(whose, Task.buyer == account, Task.agent == account, Task.arbiter == account)
    seen_task = exists().where("task:0x" + func.encode(Task.task_id, "hex") == Announcement.subject, whose)
    return or_(
        Announcement.topic.startswith("chain."),
        and_(~Announcement.topic.startswith("intent."), or_(~of_task, seen_task), ~of_others),
    )
