"""kill -9 where it hurts most: every process comes back, each effect happens once, and the ledger stays equal."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from devnet.stack import Stack
from sdk import AuctionPlan
from tests.journeys.market import CAPABILITY, FINAL_AFTER_BLOCKS, Fault, Market

HIT_SECONDS = 40.0


@contextmanager
def fault(stack: Stack, process: str, name: str, *, hangs: bool = False) -> Iterator[Fault]:
    """The process runs without the fault again afterwards, whatever happened."""
    set_up = Fault(stack, process, name, hangs=hangs)
    try:
        yield set_up
    finally:
        set_up.resume()
        set_up.recover()


async def until(what: str, holds: Callable[[], bool]) -> None:
    stop_at = time.monotonic() + HIT_SECONDS
    while not holds():
        assert time.monotonic() < stop_at, f"{what}: not within {HIT_SECONDS:g} s"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("point", ["relayer.after_commit_before_send", "relayer.after_send_before_confirm"])
async def test_killed_relayer_funds_once(market: Market, point: str) -> None:
    with fault(market.stack, "relayer", point) as crash:
        terms, intent = await market.fund()
        await until("the relayer dies", crash.died)
    await market.buyer.wait_for_intent(intent)
    await market.deliver_and_pay(terms)
    assert await market.event_names(terms) == ["TaskFunded", "TaskSubmitted", "TaskReleased"]
    await market.require_equal_ledger()


async def test_indexer_killed_in_the_middle_of_a_copy_mirrors_once(market: Market) -> None:
    with fault(market.stack, "indexer", "indexer.mid_copy") as crash:
        terms, intent = await market.fund()
        await until("the indexer dies", crash.died)
    await market.buyer.wait_for_intent(intent)
    await market.deliver_and_pay(terms)
    assert await market.event_names(terms) == ["TaskFunded", "TaskSubmitted", "TaskReleased"]
    await market.require_equal_ledger()


async def test_worker_killed_while_closing_an_auction_awards_once(market: Market) -> None:
    with fault(market.stack, "worker", "worker.auction_closed_before_commit") as crash:
        terms, _ = await market.fund(auction=AuctionPlan(4, reveal_seconds=3))
        await market.until_state(terms, "open")
        sealed = await market.agent.commit_bid(
            terms,
            market.agent_id,
            min_price=terms.budget // 2,
            min_work_seconds=1,
            valid_until=terms.award_by,
            payee=market.agent.address,
        )
        market.mine(FINAL_AFTER_BLOCKS)
        await until("the worker dies", crash.died)
    await market.until(terms, "the close", lambda task: task.auction is not None and task.auction.closed_at is not None)
    await market.agent.reveal_bid(sealed)
    paid = await market.deliver_and_pay(terms)
    assert paid.capability == CAPABILITY
    assert await market.event_names(terms) == ["TaskFunded", "TaskAwarded", "TaskSubmitted", "TaskReleased"]
    await market.require_equal_ledger()


@pytest.mark.parametrize(
    ("process", "point"),
    [
        ("relayer", "relayer.after_commit_before_send"),
        ("relayer", "relayer.after_send_before_confirm"),
        ("indexer", "indexer.mid_copy"),
    ],
)
async def test_postgres_killed_at_a_crash_point_loses_nothing(market: Market, process: str, point: str) -> None:
    """The process stands still at the point while PostgreSQL dies under it, then goes on with a dead connection."""
    postgres = market.stack.network.postgres
    assert postgres is not None
    with fault(market.stack, process, point, hangs=True) as crash:
        terms, intent = await market.fund()
        await until(f"the {process} stands still", crash.hit)
        postgres.kill()
        postgres.start()
        crash.resume()
        await market.buyer.wait_for_intent(intent)
        await market.until_state(terms, "awarded")
    assert await market.event_names(terms) == ["TaskFunded"]
    await market.require_equal_ledger()


async def test_everything_killed_at_once_comes_back(market: Market) -> None:
    """No order, no warning: all five processes, while money is on its way."""
    terms, intent = await market.fund()
    for name in ("relayer", "worker", "indexer", "beat", "api"):
        market.stack.processes[name].kill()
    for name in ("api", "indexer", "worker", "relayer", "beat"):
        market.stack.processes[name].start()
    await market.buyer.wait_for_intent(intent)
    await market.deliver_and_pay(terms)
    await market.require_equal_ledger()
