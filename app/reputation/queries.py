"""Every SELECT of reputation. `finalized` is the number of the last final block."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Digest, TaskId
from app.escrow.models import Escrow
from app.escrow.rules import State
from app.reputation.mirror_models import Feedback
from app.reputation.models import QualityEntry, QualitySnapshot, Review
from app.reputation.rules import TAG


async def feedback_on(session: AsyncSession, task_id: TaskId) -> Feedback | None:
    """The registry's entry for a task."""
    return (await session.scalars(select(Feedback).where(Feedback.task_id == task_id))).first()


async def reviews_of(
    session: AsyncSession, agent_id: int, after: tuple[Any, ...] | None, limit: int
) -> list[tuple[Feedback, Review | None]]:
    """An agent's reviews by our tag that stand, newest first, with the words where they were written here."""
    found = (
        select(Feedback, Review)
        .outerjoin(Review, Review.task_id == Feedback.task_id)
        .where(Feedback.agent_id == agent_id, Feedback.tag1 == TAG, Feedback.revoked.is_(False))
        .where(Feedback.task_id.is_not(None))
    )
    if after is not None:
        found = found.where(tuple_(Feedback.block_number, Feedback.task_id) < after)
    rows = await session.execute(found.order_by(Feedback.block_number.desc(), Feedback.task_id.desc()).limit(limit))
    return [(feedback, review) for feedback, review in rows]


async def final_stars(session: AsyncSession, agent_id: int, finalized: int) -> list[int]:
    """The stars of final reviews that stand."""
    found = select(Feedback.value).where(
        Feedback.agent_id == agent_id,
        Feedback.tag1 == TAG,
        Feedback.task_id.is_not(None),
        Feedback.value_decimals == 0,
        Feedback.revoked.is_(False),
        Feedback.last_block <= finalized,
    )
    return list(await session.scalars(found))


async def final_escrows(session: AsyncSession, agent_id: int, finalized: int) -> list[Escrow]:
    """Tasks that this agent had agreed to and that are over for good."""
    found = select(Escrow).where(
        Escrow.agent_id == agent_id, Escrow.state > State.DISPUTED, Escrow.last_block <= finalized
    )
    return list(await session.scalars(found))


async def newest_snapshot(session: AsyncSession) -> QualitySnapshot | None:
    """The qualities that an auction opening now reckons with."""
    newest = select(QualitySnapshot).order_by(QualitySnapshot.created_at.desc(), QualitySnapshot.digest).limit(1)
    return (await session.scalars(newest)).one_or_none()


async def snapshot(session: AsyncSession, digest: Digest) -> QualitySnapshot | None:
    return (await session.scalars(select(QualitySnapshot).where(QualitySnapshot.digest == digest))).one_or_none()


async def entries(session: AsyncSession, digest: Digest, agents: Iterable[int] | None = None) -> dict[int, int]:
    """The qualities of a snapshot by agent, in millionths; of some agents only, if given."""
    wanted = select(QualityEntry.agent_id, QualityEntry.quality).where(QualityEntry.snapshot == digest)
    if agents is not None:
        wanted = wanted.where(QualityEntry.agent_id.in_(list(agents)))
    rows = await session.execute(wanted)
    return {row.agent_id: row.quality for row in rows}
