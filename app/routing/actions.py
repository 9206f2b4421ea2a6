"""Routing one call, and carrying one out. The call's row is there before anything is sent, and its answer is stored
before anybody is told of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app import faults
from app.boundary import transaction
from app.clock import database_now
from app.database import Address
from app.errors import CallFailed, CallNamedTwice, CallRunning, GuildhallError, InputRefused, NoAgentFits
from app.routing.desk import Offers, RoutingDesk, first_break
from app.routing.dispatch import Ask, Attempt, Outcome
from app.routing.models import Call
from app.routing.rules import Candidate, Choice, Wanted, chosen

GRACE_SECONDS = 5


@dataclass(frozen=True)
class Asked:
    """A call as it was asked for."""

    wanted: Wanted
    input: Any
    deadline_ms: int
    try_ms: int
    hedge: bool
    priority: str

    def document(self) -> dict[str, Any]:
        """As it is stored, and compared when it comes again."""
        found = asdict(self)
        return dict(orjson.loads(orjson.dumps(found)))


async def route(session: AsyncSession, desk: RoutingDesk, wanted: Wanted, now: float) -> tuple[Candidate, Choice]:
    """Who does a call now. Raises NoAgentFits."""
    offers = await desk.offers(session, wanted.capability)
    drawn = offers.pool.drawn(wanted, set(), desk.health, desk.random, now)
    if not drawn:
        raise NoAgentFits(capability=wanted.capability)
    choice = chosen(drawn, wanted.prefer)
    return offers.pool.by_id[choice.agent_id], choice


async def begin(session: AsyncSession, offers: Offers, account: Address, call_id: UUID, asked: Asked) -> Call | None:
    """Claims the call's name; the call itself where it is answered already. One that failed, or whose process went, is
    claimed again. Raises CallRunning, CallNamedTwice (the name stands for another call), InputRefused."""
    require_input(offers, asked)
    deadline = func.clock_timestamp() + timedelta(milliseconds=asked.deadline_ms, seconds=GRACE_SECONDS)
    row = {"asked": asked.document(), "state": "running", "deadline": deadline}
    claimed = insert(Call).values(account=account, call_id=call_id, **row).on_conflict_do_nothing()
    if (await session.execute(claimed.returning(Call.call_id))).one_or_none() is not None:
        return None
    held = await session.get(Call, (account, call_id), with_for_update=True)
    assert held is not None
    if held.asked != asked.document():
        raise CallNamedTwice(call_id=str(call_id))
    if held.state == "answered":
        return held
    is_over = held.state == "failed" or await database_now(session) > held.deadline
    if not is_over:
        raise CallRunning(call_id=str(call_id))
    again = update(Call).where(Call.account == account, Call.call_id == call_id)
    await session.execute(again.values(**row, ended_at=None, problem=None))
    return None


async def carry(
    sessions: async_sessionmaker[AsyncSession],
    desk: RoutingDesk,
    offers: Offers,
    account: Address,
    call_id: UUID,
    asked: Asked,
) -> Call:
    """Carries a begun call out and stores what came of it. Raises what stopped it, once that is stored."""
    ask = Ask(
        wanted=asked.wanted,
        body=orjson.dumps(asked.input),
        deadline_seconds=asked.deadline_ms / 1000,
        try_seconds=asked.try_ms / 1000,
        hedge=asked.hedge,
        priority=asked.priority,
        headers={"Guildhall-Call": str(call_id)},
        check=offers.check,
    )
    faults.reach("routing.begun_before_call")
    try:
        outcome = await desk.dispatcher.call(offers.pool, ask)
    except GuildhallError as error:
        tries = error.attempts if isinstance(error, CallFailed) else ()
        await store(sessions, account, call_id, failure(error, tries))
        raise
    faults.reach("routing.answered_before_stored")
    return await store(sessions, account, call_id, success(outcome))


def require_input(offers: Offers, asked: Asked) -> None:
    """Raises InputRefused where the version that was asked for does not allow the input."""
    if asked.wanted.keeps_to is None:
        return
    promise = offers.promises.get((asked.wanted.capability, asked.wanted.keeps_to))
    broken = None if promise is None else first_break(promise.input, asked.input)
    if broken is not None:
        raise InputRefused(at=broken.at, reason=broken.reason)


async def store(
    sessions: async_sessionmaker[AsyncSession], account: Address, call_id: UUID, came: Mapping[str, Any]
) -> Call:
    """Writes down what came of a call, in a transaction of its own."""
    async with transaction(sessions) as session:
        mine = update(Call).where(Call.account == account, Call.call_id == call_id)
        stored = mine.values(**came, ended_at=func.clock_timestamp()).returning(Call)
        return (await session.scalars(stored)).one()


def success(outcome: Outcome) -> dict[str, Any]:
    return {
        "state": "answered",
        "agent_id": outcome.candidate.agent_id,
        "answer": outcome.answer,
        "attempts": [told(each) for each in outcome.attempts],
    }


def failure(error: GuildhallError, attempts: Any) -> dict[str, Any]:
    return {"state": "failed", "problem": str(error), "attempts": [told(each) for each in attempts]}


def told(attempt: Attempt) -> dict[str, Any]:
    """A try as it is stored: whoever reads it makes the choice again."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(asdict(attempt)))
    return found
