"""Routing one call, carrying one out, and having its answer paid. The call's row is there before anything is sent, and
its answer is stored before anybody is told of it: for a price, it is held until the voucher that pays is stored too."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app import faults
from app.boundary import after_commit, transaction
from app.channels import actions as channels
from app.channels.actions import Due
from app.channels.sequencing import Sequencer
from app.clock import database_now
from app.database import Address, Hash32
from app.errors import (
    CallFailed,
    CallNamedTwice,
    CallNotHeld,
    CallRunning,
    ChannelsNotOffered,
    GuildhallError,
    InputRefused,
    NoAgentFits,
    NotFound,
)
from app.routing import queries
from app.routing.desk import Offers, RoutingDesk, first_break
from app.routing.dispatch import Ask, Attempt, Outcome
from app.routing.models import Call
from app.routing.rules import Candidate, Choice, Wanted, chosen
from app.routing.streaming import Sink
from app.web.metrics import metrics

GRACE_SECONDS = 5


@dataclass(frozen=True)
class Asked:
    """A call as it was asked for. Without a channel only an agent that asks nothing does it."""

    wanted: Wanted
    input: Any
    deadline_ms: int
    try_ms: int
    hedge: bool
    priority: str
    channel_id: Hash32 | None = None

    def document(self) -> dict[str, Any]:
        """As it is stored, and compared when it comes again."""
        found = {name: value for name, value in asdict(self).items() if (name, value) != ("channel_id", None)}
        return dict(orjson.loads(orjson.dumps(found)))

    @property
    def most(self) -> int:
        """What it may take from its channel, in base units."""
        return 0 if self.channel_id is None else self.wanted.max_price or 0


@dataclass(frozen=True)
class Order:
    """A call under the name that its caller gave it."""

    account: Address
    call_id: UUID
    asked: Asked

    @property
    def key(self) -> dict[str, Any]:
        return {"account": self.account, "call_id": self.call_id}


async def route(session: AsyncSession, desk: RoutingDesk, wanted: Wanted, now: float) -> tuple[Candidate, Choice]:
    """Who does a call now. Raises NoAgentFits."""
    offers = await desk.offers(session, wanted.capability)
    drawn = offers.pool.drawn(wanted, set(), desk.health, desk.random, now)
    if not drawn:
        raise NoAgentFits(capability=wanted.capability)
    choice = chosen(drawn, wanted.prefer)
    return offers.pool.by_id[choice.agent_id], choice


async def begin(session: AsyncSession, offers: Offers, sequencer: Sequencer | None, order: Order) -> Call:
    """Claims the call's name and sets aside what it may take: a running call is the caller's to carry out. One that has
    an answer already comes back as it is; one that failed, or whose process went, is claimed again.

    Raises CallRunning, CallNamedTwice (the name stands for another call), InputRefused and what `reserve` raises.
    """
    require_input(offers, order.asked)
    fresh = insert(Call).values(**order.key, **claim(order.asked)).on_conflict_do_nothing().returning(Call)
    call = (await session.scalars(fresh)).one_or_none()
    if call is not None:
        await set_aside(session, sequencer, order)
        return call
    held = await queries.call_of(session, order.account, order.call_id, locked=True)
    assert held is not None
    if held.asked != order.asked.document():
        raise CallNamedTwice(call_id=str(order.call_id))
    if held.state in ("answered", "held"):
        return held
    has_failed = held.state == "failed"
    if not has_failed and await database_now(session) <= held.deadline:
        raise CallRunning(call_id=str(order.call_id))
    if has_failed:  # what a lost one may take is set aside still
        await set_aside(session, sequencer, order)
    again = claim(order.asked) | {"run": held.run + 1, "ended_at": None, "problem": None}
    taken = update(Call).filter_by(**order.key).values(again).returning(Call)
    return (await session.scalars(taken.execution_options(populate_existing=True))).one()


def claim(asked: Asked) -> dict[str, Any]:
    """The row of a call that begins."""
    deadline = func.clock_timestamp() + timedelta(milliseconds=asked.deadline_ms, seconds=GRACE_SECONDS)
    money = {"channel_id": asked.channel_id, "price": asked.most}
    return {"asked": asked.document(), "state": "running", "deadline": deadline} | money


async def set_aside(session: AsyncSession, sequencer: Sequencer | None, order: Order) -> None:
    """Raises ChannelsNotOffered and what `reserve` raises."""
    if order.asked.channel_id is None:
        return
    if sequencer is None:
        raise ChannelsNotOffered()
    await channels.reserve(session, sequencer, order.account, order.asked.channel_id, order.asked.most)


async def carry(
    sessions: async_sessionmaker[AsyncSession],
    desk: RoutingDesk,
    offers: Offers,
    order: Order,
    run: int,
    sink: Sink | None = None,
) -> Call:
    """Carries a begun call out and stores what came of it; a sink hears it before. Raises what stopped it, once that is
    stored, and CallRunning where it took so long that it was begun anew."""
    asked = order.asked
    ask = Ask(
        wanted=asked.wanted,
        body=orjson.dumps(asked.input),
        deadline_seconds=asked.deadline_ms / 1000,
        try_seconds=asked.try_ms / 1000,
        hedge=asked.hedge,
        priority=asked.priority,
        headers={"Guildhall-Call": str(order.call_id)},
        check=offers.check,
        sink=sink,
    )
    faults.reach("routing.begun_before_call")
    began = time.monotonic()
    try:
        outcome = await desk.dispatcher.call(offers.pool, ask)
    except GuildhallError as error:
        metrics.count("calls_total", outcome="failed" if isinstance(error, CallFailed) else "refused")
        tries = error.attempts if isinstance(error, CallFailed) else ()
        await store(sessions, order, run, failure(error, tries))
        raise
    faults.reach("routing.answered_before_stored")
    done = await store(sessions, order, run, success(outcome, order))
    metrics.observe("call_seconds", time.monotonic() - began)
    metrics.count("calls_total", outcome=done.state)
    return done


def require_input(offers: Offers, asked: Asked) -> None:
    """Raises InputRefused where the version that was asked for does not allow the input."""
    if asked.wanted.keeps_to is None:
        return
    promise = offers.promises.get((asked.wanted.capability, asked.wanted.keeps_to))
    broken = None if promise is None else first_break(promise.input, asked.input)
    if broken is not None:
        raise InputRefused(at=broken.at, reason=broken.reason)


async def store(sessions: async_sessionmaker[AsyncSession], order: Order, run: int, came: Mapping[str, Any]) -> Call:
    """Writes down what came of one run of a call, and frees what it did not take, in a transaction of its own. Raises
    CallRunning where that run counts no more."""
    async with transaction(sessions) as session:
        mine = select(Call).filter_by(**order.key, run=run, state="running").with_for_update()
        call = (await session.scalars(mine)).one_or_none()
        if call is None:
            raise CallRunning(call_id=str(order.call_id))
        return await end(session, call, came)


async def end(session: AsyncSession, call: Call, came: Mapping[str, Any]) -> Call:
    """A running call, locked, becomes what came of it; what was set aside beyond its price is free again."""
    if call.channel_id is not None:
        await channels.free(session, Hash32(call.channel_id), call.price - came["price"])
    done = update(Call).filter_by(account=call.account, call_id=call.call_id)
    ended = done.values(**came, ended_at=func.clock_timestamp()).returning(Call)
    return (await session.scalars(ended.execution_options(populate_existing=True))).one()


def success(outcome: Outcome, order: Order) -> dict[str, Any]:
    """An answer for a price is held until it is paid; whoever calls an agent of his own owes himself nothing."""
    candidate = outcome.candidate
    price = 0 if candidate.payee == order.account or order.asked.channel_id is None else candidate.price
    return {
        "state": "held" if price else "answered",
        "agent_id": candidate.agent_id,
        "payee": candidate.payee if price else None,
        "price": price,
        "answer": outcome.answer,
        "attempts": [told(each) for each in outcome.attempts],
    }


def failure(error: GuildhallError, attempts: Any) -> dict[str, Any]:
    return {"state": "failed", "price": 0, "problem": str(error), "attempts": [told(each) for each in attempts]}


def told(attempt: Attempt) -> dict[str, Any]:
    """A try as it is stored: whoever reads it makes the choice again."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(asdict(attempt)))
    return found


async def pay(
    session: AsyncSession, sequencer: Sequencer, account: Address, call_id: UUID, cumulative: int, signature: bytes
) -> Call:
    """Takes the voucher for a held answer, all or nothing: from then on the answer is served, and a repeat is served it
    again. Raises NotFound, CallNotHeld and what `accept` raises."""
    call = await queries.call_of(session, account, call_id, locked=True)
    if call is None:
        raise NotFound(kind="call")
    if call.state == "answered":
        return call
    if call.state != "held":
        raise CallNotHeld(state=call.state)
    await channels.accept(session, sequencer, account, due_of(call), cumulative, signature)
    call.state, call.cumulative = "answered", cumulative
    await session.flush()
    after_commit(session, "routing.paid", partial(count_payment, call.price))
    return call


async def count_payment(price: int) -> None:
    metrics.count("vouchers_total")
    metrics.count("vouchers_base_units_total", price)


def due_of(call: Call) -> Due:
    """What a held call waits for."""
    assert call.channel_id is not None
    assert call.payee is not None
    return Due(Hash32(call.channel_id), Address(call.payee), call.price)


async def forget(session: AsyncSession, days: int, most: int) -> int:
    """Deletes at most so many calls that ended so long ago; how many. Answers that wait to be paid stay."""
    old = queries.ended_before(days).limit(most).with_for_update(skip_locked=True)
    done = await session.execute(delete(Call).where(tuple_(Call.account, Call.call_id).in_(old)))
    return int(getattr(done, "rowcount", 0))
