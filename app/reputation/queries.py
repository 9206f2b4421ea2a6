"""Every SELECT of reputation. `finalized` is the number of the last final block."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.accounts.models import Wallet
from app.agents.mirror_models import ChainAgent
from app.database import Digest, TaskId
from app.escrow.models import Escrow
from app.escrow.rules import State
from app.reputation.mirror_models import Feedback
from app.reputation.models import Audit, JudgedAgent, JudgedJob, QualityEntry, QualitySnapshot, Review
from app.reputation.rules import TAG
from app.reputation.scoring import EndedTask

Rows = Select[*tuple[Any, ...]]


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


def by_account(found: Rows) -> tuple[Rows, ColumnElement[str], tuple[ColumnElement[str], ...]]:
    """The escrows of a query with who stands behind them: the buyer's account, and those of the agent's owner, the
    agent itself and whom it is paid to. A wallet that never signed in here is its own account."""
    buyers, owners, agents, payees = (aliased(Wallet) for _ in range(4))
    sides = (
        func.coalesce(owners.account, ChainAgent.owner, Escrow.agent),
        func.coalesce(agents.account, Escrow.agent),
        func.coalesce(payees.account, Escrow.payee, Escrow.agent),
    )
    joined = (
        found.outerjoin(ChainAgent, ChainAgent.agent_id == Escrow.agent_id)
        .outerjoin(buyers, buyers.address == Escrow.buyer)
        .outerjoin(owners, owners.address == ChainAgent.owner)
        .outerjoin(agents, agents.address == Escrow.agent)
        .outerjoin(payees, payees.address == Escrow.payee)
    )
    return joined, func.coalesce(buyers.account, Escrow.buyer), sides


async def own_tasks(session: AsyncSession, task_ids: Iterable[str]) -> set[str]:
    """Those of these tasks whose buyer and agent are wallets of one account."""
    found, buyer, sides = by_account(select(Escrow.task_id).where(Escrow.task_id.in_(list(task_ids))))
    return set(await session.scalars(found.where(or_(*(buyer == side for side in sides)))))


async def ended_tasks(session: AsyncSession, finalized: int) -> list[EndedTask]:
    """Tasks that are over for good, with what was said of them; without those between wallets of one account, which
    say nothing. Everything about a task counts from when it is final."""
    rated = and_(
        Feedback.task_id == Escrow.task_id,
        Feedback.tag1 == TAG,
        Feedback.value_decimals == 0,
        Feedback.revoked.is_(False),
        Feedback.last_block <= finalized,
    )
    said = (
        select(Escrow, Feedback.value, Audit.passed)
        .outerjoin(Feedback, rated)
        .outerjoin(Audit, Audit.task_id == Escrow.task_id)
        .where(Escrow.agent_id.is_not(None), Escrow.state > State.DISPUTED, Escrow.last_block <= finalized)
        .order_by(Escrow.last_timestamp, Escrow.task_id)
    )
    found, rater, sides = by_account(said)
    found = found.where(*(rater.is_distinct_from(side) for side in sides)).add_columns(rater)
    return [ended(row[0], row[1], row[2], row[3]) for row in (await session.execute(found)).all()]


def ended(escrow: Escrow, stars: int | None, passed: bool | None, rater: str) -> EndedTask:
    """One row as the scorer takes it."""
    assert escrow.agent_id is not None
    return EndedTask(
        task_id=escrow.task_id,
        agent_id=escrow.agent_id,
        rater=rater,
        value=escrow.budget if escrow.price is None else escrow.price,
        state=escrow.state,
        refund_reason=escrow.refund_reason,
        paid=escrow.paid,
        share_bps=escrow.share_bps,
        by_default=escrow.by_default,
        stars=None if stars is None else int(stars),
        passed=passed,
        ended_at=escrow.last_timestamp,
    )


async def anything_final_between(session: AsyncSession, after: int, final: int) -> bool:
    """Whether a task ended or was rated in blocks that have become final since."""
    ends = select(Escrow.task_id).where(
        Escrow.last_block > after, Escrow.last_block <= final, Escrow.state > State.DISPUTED
    )
    rates = select(Feedback.task_id).where(Feedback.last_block > after, Feedback.last_block <= final)
    return bool(await session.scalar(select(or_(ends.exists(), rates.exists()))))


async def judged_tasks(session: AsyncSession) -> set[str]:
    """The tasks that counted when scores were last made."""
    return set(await session.scalars(select(JudgedJob.task_id)))


async def judged_agent(session: AsyncSession, agent_id: int) -> JudgedAgent | None:
    """An agent's score as it was last made; None where it has no evidence."""
    return await session.get(JudgedAgent, agent_id)


async def judged_agents(session: AsyncSession) -> list[JudgedAgent]:
    """All scores as they were last made."""
    return list(await session.scalars(select(JudgedAgent).order_by(JudgedAgent.agent_id)))


async def judged_jobs(session: AsyncSession, agent_id: int, limit: int) -> list[JudgedJob]:
    """An agent's newest jobs that count, newest first."""
    newest = select(JudgedJob).where(JudgedJob.agent_id == agent_id)
    newest = newest.order_by(JudgedJob.ended_at.desc(), JudgedJob.task_id).limit(limit)
    return list(await session.scalars(newest))
