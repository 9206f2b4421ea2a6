"""Every SELECT of the analytics. `since` and times are unix seconds of the chain."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.analytics.models import Deal
from app.analytics.rules import LIMITS, Outcome, Per, Size
from app.catalogue.queries import at_or_below
from app.escrow.models import Escrow
from app.escrow.rules import State
from app.tasks.models import Task
from app.tasks.rules import NOBODY

MOST = 5_000
"""So many of the latest deals a price is reckoned from at most."""


@dataclass(frozen=True)
class Statistics:
    """A market over a time. Amounts are base units, times seconds; a median or rate is None where nothing tells it."""

    deals: int
    paid: int
    volume: int
    fees: int
    abandoned: int
    unawarded: int
    seconds_to_award: int | None
    seconds_to_end: int | None
    agents: int
    open_tasks: int
    open_budget: int
    posted: int


def below(capability: str | None, column: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """A capability and everything below it; everything, where none is named."""
    return true() if capability is None else at_or_below(column, capability)


async def payments(session: AsyncSession, capability: str, size: Size | None, since: int) -> list[int]:
    """What the latest paid deals of a capability, and those below it, paid."""
    wanted = select(Deal.paid).where(below(capability, Deal.capability), Deal.outcome == Outcome.PAID)
    wanted = wanted.where(Deal.ended_at >= since)
    if size is not None:
        wanted = wanted.where(of_size(size))
    return [int(paid) for paid in await session.scalars(wanted.order_by(Deal.ended_at.desc()).limit(MOST))]


def of_size(size: Size) -> ColumnElement[bool]:
    """The deals whose content is of a class."""
    small, medium = LIMITS[Size.SMALL], LIMITS[Size.MEDIUM]
    match size:
        case Size.SMALL:
            return Deal.content_bytes <= small
        case Size.MEDIUM:
            return Deal.content_bytes.between(small + 1, medium)
        case Size.LARGE:
            return Deal.content_bytes > medium


async def statistics(session: AsyncSession, capability: str | None, since: int, days: int) -> Statistics:
    """How the market went since a time of the chain's clock, what was posted within so many days of the database's, and
    how it stands."""

    def counted(outcome: Outcome) -> ColumnElement[int]:
        return func.count(case((Deal.outcome == outcome, 1)))

    def median(seconds: ColumnElement[int | None]) -> ColumnElement[int]:
        return func.percentile_disc(0.5).within_group(seconds)

    paid = Deal.outcome == Outcome.PAID
    ended = select(
        func.count(),
        counted(Outcome.PAID),
        func.coalesce(func.sum(Deal.paid), 0),
        func.coalesce(func.sum(Deal.fees), 0),
        counted(Outcome.ABANDONED),
        counted(Outcome.UNAWARDED),
        median(Deal.awarded_at - Deal.funded_at),
        median(case((paid, Deal.ended_at - Deal.funded_at))),
        func.count(func.distinct(case((paid, Deal.agent_id)))),
    ).where(below(capability, Deal.capability), Deal.ended_at >= since)
    waiting = (
        select(func.count(), func.coalesce(func.sum(Escrow.remaining), 0))
        .join(Task, Task.task_id == Escrow.task_id)
        .where(Escrow.state == State.FUNDED, Task.agent == NOBODY, Task.visibility == "public")
        .where(below(capability, Task.capability))
    )
    lately = Task.created_at > func.clock_timestamp() - timedelta(days=days)
    posted = select(func.count()).where(below(capability, Task.capability), lately)
    found = (await session.execute(ended)).one()
    deals, paid_deals, volume, fees, abandoned, unawarded, to_award, to_end, agents = found
    open_tasks, open_budget = (await session.execute(waiting)).one()
    return Statistics(
        deals=deals,
        paid=paid_deals,
        volume=int(volume),
        fees=int(fees),
        abandoned=abandoned,
        unawarded=unawarded,
        seconds_to_award=to_award,
        seconds_to_end=to_end,
        agents=agents,
        open_tasks=open_tasks,
        open_budget=int(open_budget),
        posted=(await session.execute(posted)).scalar_one(),
    )


@dataclass(frozen=True)
class Stretch:
    """What an agent's work that ended in a week or month adds up to; `start` is unix seconds of the chain."""

    start: int
    awarded: int
    delivered: int
    finished: int
    abandoned: int
    missed: int
    median_seconds: int | None
    p90_seconds: int | None


async def history(session: AsyncSession, agent_id: int, per: Per, since: int) -> list[Stretch]:
    """An agent's work by week or month, newest first; stretches without any are left out."""
    utc = func.timezone("UTC", func.to_timestamp(Deal.ended_at))
    start = func.extract("epoch", func.date_trunc(str(per), utc)).label("start")
    paid = Deal.outcome == Outcome.PAID
    took = case((paid, Deal.delivered_at - func.coalesce(Deal.awarded_at, Deal.funded_at)))
    wanted = (
        select(
            start,
            func.count(),
            func.count(Deal.delivered_at),
            func.count(case((paid, 1))),
            func.count(case((Deal.outcome == Outcome.ABANDONED, 1))),
            func.count(case((Deal.missed, 1))),
            func.percentile_disc(0.5).within_group(took),
            func.percentile_disc(0.9).within_group(took),
        )
        .where(Deal.agent_id == agent_id, Deal.ended_at >= since, Deal.own.is_(False))
        .group_by(start)
        .order_by(start.desc())
    )
    rows: Any = await session.execute(wanted)
    return [Stretch(int(first), *rest) for first, *rest in rows]
