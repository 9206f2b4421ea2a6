"""Every SELECT of tasks. A task is always read together with what its state follows from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.database import Address, TaskId
from app.errors import NotFound
from app.escrow.models import Escrow
from app.escrow.queries import ChainClock, chain_clock
from app.escrow.rules import State
from app.relayer.models import Intent
from app.tasks.models import Auction, Offer, Task
from app.tasks.rules import NOBODY, Party, Payment, TaskState, may_see, task_state


@dataclass(frozen=True)
class TaskView:
    """A task and everything that its state follows from, as one statement saw it."""

    task: Task
    escrow: Escrow | None
    auction: Auction | None
    fund_intent: Intent | None
    award_intent: Intent | None
    clock: ChainClock

    @property
    def time(self) -> int:
        """Chain time."""
        return self.clock.timestamp

    @property
    def state(self) -> TaskState:
        return task_state(self)

    @property
    def task_id(self) -> TaskId:
        return self.task.task_id


@dataclass(frozen=True)
class TaskFilter:
    """What a list of tasks is narrowed to."""

    role: Party | None = None
    state: TaskState | None = None
    capability: str | None = None


async def task_of(session: AsyncSession, task_id: TaskId, *, locked: bool = False) -> TaskView | None:
    """One task; `locked` holds its row until the transaction ends, so that two verbs on it decide in turn."""
    if locked:
        await session.execute(select(Task.task_id).where(Task.task_id == task_id).with_for_update())
    found = await views(session, whole_tasks().where(Task.task_id == task_id))
    return found[0] if found else None


async def visible_task(
    session: AsyncSession, task_id: TaskId, account: Address | None, *, locked: bool = False
) -> TaskView:
    """A task that `account` may see. Raises NotFound alike for one that is not his and one that is not."""
    view = await task_of(session, task_id, locked=locked)
    if view is None or not may_see(view, account):
        raise NotFound(kind="task")
    return view


async def tasks_of(session: AsyncSession, task_ids: Sequence[TaskId]) -> list[TaskView]:
    """Several tasks, in no order."""
    return await views(session, whole_tasks().where(Task.task_id.in_(task_ids)))


async def tasks_after(
    session: AsyncSession, account: Address, wanted: TaskFilter, after: tuple[Any, ...] | None, limit: int
) -> list[TaskView]:
    """At most `limit` of the tasks that `account` may see, newest first, from below `after` (time, id).

    The state is narrowed to the contract's here; which of them is meant the caller asks of each view.
    """
    query = whole_tasks().where(visible_to(account, wanted.role))
    if wanted.capability is not None:
        query = query.where(Task.capability == wanted.capability)
    if wanted.state is not None:
        query = query.where(in_contract_state(wanted.state))
    if after is not None:
        query = query.where(tuple_(Task.created_at, Task.task_id) < after)
    return await views(session, query.order_by(Task.created_at.desc(), Task.task_id.desc()).limit(limit))


async def lock_tasks(session: AsyncSession, task_ids: Sequence[TaskId]) -> None:
    """Holds several tasks until the transaction ends, always in one order, so that no two wait for each other."""
    ordered = select(Task.task_id).where(Task.task_id.in_(task_ids)).order_by(Task.task_id)
    await session.execute(ordered.with_for_update())


async def views(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> list[TaskView]:
    """Runs a query of whole_tasks."""
    clock = await chain_clock(session)
    rows: Iterable[Any] = await session.execute(query)
    return [TaskView(task, escrow, auction, fund, award, clock) for task, escrow, auction, fund, award in rows]


def whole_tasks() -> Select[*tuple[Any, ...]]:
    """Tasks with escrow, auction, and the latest intents to fund and to award."""
    fund_intent = latest_intent("fund", or_(paid_alone(), Intent.id == Task.batch_intent_id))
    award_intent = latest_intent("award", and_(Intent.task_id == Task.task_id, Intent.verb.in_(AWARDS)))
    return (
        select(Task, Escrow, Auction, fund_intent, award_intent)
        .outerjoin(Escrow, Escrow.task_id == Task.task_id)
        .outerjoin(Auction, Auction.task_id == Task.task_id)
        .outerjoin(fund_intent, true())
        .outerjoin(award_intent, true())
        .execution_options(populate_existing=True)
    )


def paid_alone() -> ColumnElement[bool]:
    """The intents that pay the joined task and nothing else."""
    return and_(Intent.task_id == Task.task_id, Intent.verb == "fund")


def latest_intent(name: str, which: ColumnElement[bool]) -> type[Intent]:
    """The newest of these intents of the joined task."""
    newest = (
        select(Intent)
        .where(which)
        .order_by(Intent.created_at.desc(), Intent.id.desc())
        .limit(1)
        .correlate(Task)
        .lateral(f"latest_{name}")
    )
    return aliased(Intent, newest)


def visible_to(account: Address, role: Party | None) -> ColumnElement[bool]:
    """The SQL of rules.may_see, or of having one part in the task."""
    as_agent = or_(Task.agent == account, Escrow.agent == account)
    match role:
        case Party.BUYER:
            return Task.buyer == account
        case Party.ARBITER:
            return Task.arbiter == account
        case Party.AGENT:
            return as_agent
        case None:
            asks_for_bids = Task.payment == Payment.AT_AWARD
            funding = or_(exists().where(paid_alone()), Task.batch_intent_id.is_not(None))
            public = and_(Task.visibility == "public", or_(Escrow.task_id.is_not(None), funding, asks_for_bids))
            return or_(Task.buyer == account, Task.arbiter == account, as_agent, public)


ENDED: dict[TaskState, State] = {
    TaskState.SUBMITTED: State.SUBMITTED,
    TaskState.DISPUTED: State.DISPUTED,
    TaskState.RELEASED: State.RELEASED,
    TaskState.CLAIMED: State.CLAIMED,
    TaskState.SETTLED: State.SETTLED,
    TaskState.RULED: State.RULED,
    TaskState.REFUNDED: State.REFUNDED,
}
UNFUNDED = (TaskState.DRAFT, TaskState.FUNDING, TaskState.FUNDING_FAILED, TaskState.INVITING)
AWARDS = ("award", "award_and_fund")


def in_contract_state(state: TaskState) -> ColumnElement[bool]:
    """The contract states that a task state can be made of."""
    if state in UNFUNDED:
        return Escrow.task_id.is_(None)
    if state in ENDED:
        return Escrow.state == ENDED[state]
    if state in (TaskState.AWARDED, TaskState.OVERDUE):
        return Escrow.state.in_((State.FUNDED, State.AWARDED))
    unpaid = and_(Escrow.task_id.is_(None), Task.payment == Payment.AT_AWARD)
    return or_(unpaid, and_(Escrow.state == State.FUNDED, Task.agent == NOBODY))


async def offers_of(session: AsyncSession, task_id: TaskId) -> list[Offer]:
    """The offers that wait for the other party, oldest first."""
    ordered = select(Offer).where(Offer.task_id == task_id).order_by(Offer.created_at)
    return list(await session.scalars(ordered))


async def failed_intents(session: AsyncSession, task_id: TaskId, verbs: Iterable[str]) -> int:
    """How many intents of these verbs have failed for the task."""
    failed = select(func.count()).where(
        Intent.task_id == task_id, Intent.verb.in_(list(verbs)), Intent.state == "failed"
    )
    return (await session.execute(failed)).scalar_one()


async def overdue_tasks(session: AsyncSession, time: int, limit: int) -> list[Task]:
    """Funded tasks whose award or delivery is late at chain time `time` and not announced, locked for the caller."""
    awaits_award = and_(Escrow.state == State.FUNDED, Task.agent == NOBODY, Task.award_by < time)
    awaits_delivery = and_(Escrow.state.in_((State.FUNDED, State.AWARDED)), Task.deliver_by < time)
    late = (
        select(Task)
        .join(Escrow, Escrow.task_id == Task.task_id)
        .where(Task.expiry_announced_at.is_(None), or_(awaits_award, awaits_delivery))
        .limit(limit)
        .with_for_update(of=Task, skip_locked=True)
    )
    return list(await session.scalars(late))


def unfunded_before(moment: datetime) -> ColumnElement[bool]:
    """Tasks posted before `moment` for which nobody has ever tried to pay."""
    funding = or_(exists().where(Intent.task_id == Task.task_id), Task.batch_intent_id.is_not(None))
    escrowed = exists().where(Escrow.task_id == Task.task_id)
    return and_(Task.created_at < moment, ~funding, ~escrowed)
