"""Every SELECT of reputation. `finalized` is the number of the last final block."""

from collections.abc import Iterable
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, LargeBinary, Select, and_, func, literal, or_, select, tuple_, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.accounts.models import Wallet
from app.agents.mirror_models import ChainAgent
from app.database import Digest, TaskId
from app.escrow.models import Escrow
from app.escrow.queries import ended_by, ended_in
from app.reputation.mirror_models import Feedback
from app.reputation.models import Audit, JudgedAgent, JudgedJob, QualityEntry, QualitySnapshot
from app.reputation.rules import MAX_STARS, MIN_STARS, TAG, Lot
from app.reputation.scoring import EndedTask

BUYERS, OWNERS, AGENTS, PAYEES = (aliased(Wallet) for _ in range(4))
RATER = func.coalesce(BUYERS.account, Escrow.buyer)
"""The account of a task's buyer; a wallet that signed in nowhere stands for itself."""
SIDES = (
    func.coalesce(OWNERS.account, ChainAgent.owner, Escrow.agent),
    func.coalesce(AGENTS.account, Escrow.agent),
    func.coalesce(PAYEES.account, Escrow.payee, Escrow.agent),
)
"""The accounts of who owns the agent, who worked, and who is paid."""
IS_RATING = and_(
    Feedback.tag1 == TAG,
    Feedback.task_id.is_not(None),
    Feedback.value_decimals == 0,
    Feedback.value.between(MIN_STARS, MAX_STARS),
)
"""Entries of the registry that are stars of ours."""
Columns = TypeVarTuple("Columns")


async def feedback_on(session: AsyncSession, task_id: TaskId) -> Feedback | None:
    """The registry's entry for a task."""
    return (await session.scalars(select(Feedback).where(Feedback.task_id == task_id))).first()


async def final_stars(session: AsyncSession, agent_id: int, finalized: int) -> list[int]:
    """The stars of final reviews that stand."""
    found = select(Feedback.value).where(
        Feedback.agent_id == agent_id, IS_RATING, Feedback.revoked.is_(False), Feedback.last_block <= finalized
    )
    return list(await session.scalars(found))


async def final_escrows(session: AsyncSession, agent_id: int, finalized: int) -> list[Escrow]:
    """Tasks that this agent had agreed to and that are over for good."""
    found = select(Escrow).where(Escrow.agent_id == agent_id, ended_by(finalized))
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


async def frozen_quality(session: AsyncSession, digest: Digest | None, agent_id: int) -> int | None:
    """One agent's quality in a snapshot, in millionths; None where there is no such snapshot."""
    mine = (QualityEntry.snapshot == QualitySnapshot.digest) & (QualityEntry.agent_id == agent_id)
    found = select(func.coalesce(QualityEntry.quality, QualitySnapshot.prior)).select_from(QualitySnapshot)
    return await session.scalar(found.outerjoin(QualityEntry, mine).where(QualitySnapshot.digest == digest))


def with_accounts(query: Select[*Columns]) -> Select[*Columns]:
    """A query of escrows with what RATER and SIDES are made of."""
    return (
        query.select_from(Escrow)
        .outerjoin(ChainAgent, ChainAgent.agent_id == Escrow.agent_id)
        .outerjoin(BUYERS, BUYERS.address == Escrow.buyer)
        .outerjoin(OWNERS, OWNERS.address == ChainAgent.owner)
        .outerjoin(AGENTS, AGENTS.address == Escrow.agent)
        .outerjoin(PAYEES, PAYEES.address == Escrow.payee)
    )


async def are_linked(session: AsyncSession, task_id: TaskId) -> bool:
    """Whether the buyer of a task and somebody of the agent's side are one account."""
    return bool(await own_tasks(session, [task_id]))


async def own_tasks(session: AsyncSession, task_ids: Iterable[str]) -> set[str]:
    """Those of these tasks whose buyer and agent are wallets of one account."""
    linked = with_accounts(select(Escrow.task_id)).where(or_(*(side == RATER for side in SIDES)))
    return set(await session.scalars(linked.where(Escrow.task_id.in_(list(task_ids)))))


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
    found = (
        with_accounts(select(Escrow, RATER.label("rater"), Feedback.value, Audit.passed))
        .outerjoin(Feedback, rated)
        .outerjoin(Audit, Audit.task_id == Escrow.task_id)
        .where(Escrow.agent_id.is_not(None), ended_by(finalized))
        .where(*(RATER.is_distinct_from(side) for side in SIDES))
        .order_by(Escrow.last_timestamp, Escrow.task_id)
    )
    return [ended(*row) for row in (await session.execute(found)).all()]


def ended(escrow: Escrow, rater: Any, stars: int | None, passed: bool | None) -> EndedTask:
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


def falls(lot: Lot) -> ColumnElement[bool]:
    """Tasks that the lot falls on."""
    own = literal(lot.key, LargeBinary).op("||")(type_coerce(Escrow.task_id, LargeBinary))
    drawn: ColumnElement[bool] = func.sha256(own, type_=LargeBinary) <= literal(lot.highest, LargeBinary)
    return drawn


async def is_drawn(session: AsyncSession, lot: Lot, task_id: TaskId) -> bool:
    """Whether the lot falls on this task."""
    return bool(await session.scalar(select(falls(lot)).where(Escrow.task_id == task_id)))


async def drawn(
    session: AsyncSession, lot: Lot, finalized: int, after: tuple[int, str] | None, limit: int
) -> list[Escrow]:
    """Tasks that something was delivered for and that are over for good, on which the lot fell and which nobody audited
    yet; the oldest first, `after` an end and a task."""
    found = (
        select(Escrow)
        .outerjoin(Audit, Audit.task_id == Escrow.task_id)
        .where(Escrow.agent_id.is_not(None), Escrow.deliverable.is_not(None), ended_by(finalized))
        .where(Audit.task_id.is_(None), falls(lot))
    )
    if after is not None:
        found = found.where(tuple_(Escrow.last_timestamp, Escrow.task_id) > after)
    return list(await session.scalars(found.order_by(Escrow.last_timestamp, Escrow.task_id).limit(limit)))


async def anything_final_between(session: AsyncSession, after: int, final: int) -> bool:
    """Whether a task ended or was rated in blocks that have become final since."""
    ends = select(Escrow.task_id).where(ended_in(after, final))
    rates = select(Feedback.task_id).where(Feedback.last_block > after, Feedback.last_block <= final)
    return bool(await session.scalar(select(or_(ends.exists(), rates.exists()))))


async def judged_tasks(session: AsyncSession) -> set[str]:
    """The tasks that counted when scores were last made."""
    return set(await session.scalars(select(JudgedJob.task_id)))


async def judged_agent(session: AsyncSession, agent_id: int) -> JudgedAgent | None:
    """An agent's score as it was last made; None where it has no evidence."""
    return await session.get(JudgedAgent, agent_id)


async def formula_of_scores(session: AsyncSession) -> str | None:
    """The formula that made the scores as they are; None where there are none."""
    return await session.scalar(select(JudgedAgent.formula).limit(1))


async def judged_agents(session: AsyncSession) -> list[JudgedAgent]:
    """All scores as they were last made."""
    return list(await session.scalars(select(JudgedAgent).order_by(JudgedAgent.agent_id)))


async def judged_jobs(session: AsyncSession, agent_id: int, limit: int) -> list[JudgedJob]:
    """An agent's newest jobs that count, newest first."""
    newest = select(JudgedJob).where(JudgedJob.agent_id == agent_id)
    newest = newest.order_by(JudgedJob.ended_at.desc(), JudgedJob.task_id).limit(limit)
    return list(await session.scalars(newest))
