"""How an agent bids in each kind of auction, and quotes to a buyer who chooses himself. Amounts are base units."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sdk.errors import Problem
from sdk.schemas import PlacedBid, Task
from simulation.people import WHOLE_BPS, AgentNature, Way

if TYPE_CHECKING:
    from simulation.agent import Agent

Doing = Coroutine[Any, Any, None]
HONEST_BPS, SHADED_BPS, QUOTED_BPS, OPENING_BPS, LISTED_BPS = 10_000, 12_000, 13_000, 15_000, 15_000
"""What is asked, in parts of the cost: where the price is another's, where it is one's own, in a quote, as a first bid
in an open auction, and in a listing."""
CLOSE_SECONDS = 90.0
COUNTER_SECONDS = 40.0
STEP_BPS = 500
ANSWER_SECONDS = 3.0
DUTCH_TRIES = 4
MARGIN = timedelta(seconds=0.1)


def asked(nature: AgentNature, trade: str, bps: int) -> int:
    """That part of the cost, and the market's fee of one percent on top, rounded up."""
    cost = nature.costs[trade] * nature.asks_bps // WHOLE_BPS
    return -(-cost * bps // WHOLE_BPS * 100 // 99)


async def take_part(agent: "Agent", task: Task) -> None:
    """One bid, or as many as the kind wants. Raises Problem, TimeoutError."""
    match None if task.auction is None else task.auction.kind:
        case Way.SECOND_SCORE:
            await seal(agent, task, HONEST_BPS)
        case Way.FIRST_PRICE:
            await seal(agent, task, SHADED_BPS)
        case Way.OPEN:
            await go_down(agent, task)
        case Way.DUTCH:
            await accept_in_time(agent, task)
        case _:
            await quote(agent, task)


def offer(task: Task, price: int, payee: str) -> dict[str, Any]:
    return {
        "min_price": min(price, task.terms.budget),
        "min_work_seconds": 1,
        "valid_until": task.terms.award_by + 3600,
        "payee": payee,
    }


async def bid(agent: "Agent", task: Task, price: int) -> PlacedBid:
    placed = await agent.client.bid(task.terms, agent.agent_id, **offer(task, price, agent.client.address))
    agent.journal.records[task.task_id].bids += 1
    return placed


async def seal(agent: "Agent", task: Task, bps: int) -> None:
    price = asked(agent.nature, task.capability, bps)
    if price > task.terms.budget:
        return
    sealed = await agent.client.commit_bid(task.terms, agent.agent_id, **offer(task, price, agent.client.address))
    agent.journal.records[task.task_id].bids += 1
    await agent.board.until(task.task_id, is_closed, CLOSE_SECONDS)
    await agent.client.reveal_bid(sealed)


def is_closed(task: Task) -> bool:
    return task.auction is not None and task.auction.closed_at is not None


async def go_down(agent: "Agent", task: Task) -> None:
    """A step below whoever leads, as long as that covers the cost. Ends with the auction, or when it is too cheap."""
    price, floor = asked(agent.nature, task.capability, OPENING_BPS), asked(agent.nature, task.capability, HONEST_BPS)
    while not is_closed(agent.board.tasks[task.task_id]):
        bids = (await agent.client.auction(task.terms))["bids"]
        leading = min((int(each["bid"]["minPrice"]) for each in bids), default=None)
        leaders = [each["bid"]["agent"] for each in bids if int(each["bid"]["minPrice"]) == leading]
        if agent.client.address not in leaders:
            if leading is not None:
                price = min(price, leading - max(1, -(-leading * STEP_BPS // WHOLE_BPS)))
            if price < floor:
                return
            await unless_overtaken(agent, task, price)
        await asyncio.sleep(ANSWER_SECONDS)


async def unless_overtaken(agent: "Agent", task: Task, price: int) -> PlacedBid | None:
    """The bid; None where somebody was faster, or the bidding is over."""
    try:
        return await bid(agent, task, price)
    except Problem as refusal:
        if refusal.name in ("bid-too-high", "bidding-closed", "wrong-task-state"):
            return None
        raise


async def accept_in_time(agent: "Agent", task: Task) -> None:
    """Waits until the offer is worth it, and takes it if nobody was faster."""
    price = asked(agent.nature, task.capability, SHADED_BPS)
    record = await agent.client.auction(task.terms)
    start, budget = int(record["start_price"]), task.terms.budget
    closes_at = datetime.fromisoformat(record["closes_at"])
    duration = timedelta(seconds=int(record["duration_seconds"]))
    if price > budget:
        return
    met_at = closes_at - duration + duration * max(0, price - start) / max(1, budget - start) + MARGIN
    await asyncio.sleep(max(0.0, (met_at - datetime.now(UTC)).total_seconds()))
    for _ in range(DUTCH_TRIES):
        if is_closed(agent.board.tasks[task.task_id]) or await unless_overtaken(agent, task, price) is not None:
            return
        await asyncio.sleep(ANSWER_SECONDS)


async def quote(agent: "Agent", task: Task) -> None:
    """A quote; an answer of the buyer is taken up where it covers the cost."""
    price, floor = asked(agent.nature, task.capability, QUOTED_BPS), asked(agent.nature, task.capability, HONEST_BPS)
    placed = await bid(agent, task, price)
    try:
        await agent.board.until(
            task.task_id, lambda now: placed.bid_digest in agent.board.countered or is_past(now), COUNTER_SECONDS
        )
    except TimeoutError:
        return  # he liked another's better, or this one as it was
    if placed.bid_digest not in agent.board.countered:
        return
    wanted = (await agent.client.counter_offers(task.terms, placed.bid_digest))[-1].price
    if wanted >= floor:
        await bid(agent, task, wanted)
    else:
        await agent.client.decline_counter_offer(task.terms, placed.bid_digest)


def is_past(task: Task) -> bool:
    return task.state not in ("inviting", "open")
