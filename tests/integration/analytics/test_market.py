"""Prices and statistics from what ended for good, and from nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.analytics import jobs
from app.boundary import WorkerRuntime
from app.chain.typed_data import ZERO_ADDRESS
from app.escrow.rules import Refund, State
from tests.integration.api import execute, working
from tests.integration.market import BLOCK, BUDGET, CHAIN_TIME, FINALIZED, Market


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    tables = ("market.deals", "market.performances", "market.tasks", "chain.escrows", "chain.escrow_events")
    for table in tables:
        execute(market.database_url, f"DELETE FROM {table}")
    execute(market.database_url, "DELETE FROM market.reaction_cursors WHERE name = 'analytics.deals'")
    async with working(market.settings) as runtime:
        yield runtime


async def ended(
    market: Market, paid: int, capability: str = "text.sort", took: int | None = None, **changed: Any
) -> str:
    """A task that ended in the last final block, funded an hour before and awarded half an hour before; delivered
    `took` seconds after the award."""
    terms = await market.terms(awarder=ZERO_ADDRESS)
    task_id = await market.post(terms, capability=capability)
    usual = market.awarded(State.RELEASED, paid=paid, fees=paid // 100, remaining=0, price=paid, refunded=0)
    market.mirror(terms, **usual | {"last_timestamp": CHAIN_TIME - 10} | changed)
    delivered = [] if took is None else [("TaskSubmitted", 1810 - took // 2), ("TaskSubmitted", 1810 - took)]
    for name, ago in (("TaskFunded", 3610), ("TaskAwarded", 1810), *delivered):
        execute(
            market.database_url,
            "INSERT INTO chain.escrow_events (block_number, log_index, tx_hash, block_timestamp, name, args, task_id)"
            " VALUES (50, (SELECT count(*) FROM chain.escrow_events), decode(repeat('22', 32), 'hex'), %(time)s,"
            " %(name)s, '{}', %(task)s)",
            {"time": CHAIN_TIME - ago, "name": name, "task": bytes.fromhex(task_id[2:])},
        )
    return task_id


async def prices(market: Market, **params: Any) -> dict[str, Any]:
    answer = await market.stranger.get("/market/prices", **params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_prices_are_told_by_five_deals_of_a_kind(market: Market, worker: WorkerRuntime) -> None:
    for paid in (100, 200, 300, 400):
        await ended(market, paid)
    await ended(market, 9_000, "text.other")
    await jobs.deals_once(worker)
    few = await prices(market, capability="text.sort")
    assert (few["capability"], few["deals"], few["quantiles"]["p50"]) == ("text", 5, "300")
    await ended(market, 500, last_block=FINALIZED)
    execute(market.database_url, "UPDATE market.reaction_cursors SET position = 0 WHERE name = 'analytics.deals'")
    await jobs.deals_once(worker)
    enough = await prices(market, capability="text.sort", content_bytes=10)
    assert (enough["capability"], enough["size"], enough["deals"]) == ("text.sort", "small", 5)
    assert enough["quantiles"] == {"p10": "100", "p25": "200", "p50": "300", "p75": "400", "p90": "500"}
    large = await prices(market, capability="text.sort", content_bytes=10**6)
    assert (large["size"], large["deals"]) == (None, 5)
    nothing = await prices(market, capability="image.draw")
    assert (nothing["capability"], nothing["deals"], nothing["quantiles"]) == ("image", 0, None)


async def test_only_what_is_final_counts_and_each_end_once(market: Market, worker: WorkerRuntime) -> None:
    await ended(market, 100)
    await ended(market, 100, last_block=BLOCK)
    await jobs.deals_once(worker)
    await jobs.deals_once(worker)
    assert execute(market.database_url, "SELECT count(*) FROM market.deals") == [(1,)]
    market.clock(finalized=BLOCK)
    await jobs.deals_once(worker)
    assert execute(market.database_url, "SELECT count(*) FROM market.deals") == [(2,)]


async def test_statistics_of_a_market(market: Market, worker: WorkerRuntime) -> None:
    for paid in (100_000, 300_000):
        await ended(market, paid)
    gone: dict[str, Any] = {"state": State.REFUNDED, "refunded": BUDGET}
    await ended(market, 0, **gone, refund_reason=Refund.RECLAIMED)
    await ended(market, 0, **gone, refund_reason=Refund.RECLAIMED, agent_id=None)
    await market.posted(await market.terms(awarder=ZERO_ADDRESS))
    await jobs.deals_once(worker)
    found = (await market.stranger.get("/market/statistics", capability="text")).json()
    assert found == {
        "capability": "text",
        "days": 30,
        "deals": 4,
        "paid": 2,
        "abandoned": 1,
        "unawarded": 1,
        "success": "0.667",
        "volume": "400000",
        "fees": "4000",
        "agents": 1,
        "median_seconds_to_award": 1800,
        "median_seconds_to_end": 3600,
        "posted": 5,
        "open_tasks": 1,
        "open_budget": str(BUDGET),
    }
    nowhere = (await market.stranger.get("/market/statistics", capability="image")).json()
    assert (nowhere["deals"], nowhere["success"], nowhere["median_seconds_to_award"]) == (0, None, None)
    whole = (await market.stranger.get("/market/statistics")).json()
    assert whole["deals"] == 4


async def test_old_deals_do_not_count(market: Market, worker: WorkerRuntime) -> None:
    for _ in range(5):
        await ended(market, 100, last_timestamp=CHAIN_TIME - 91 * 86_400)
    await jobs.deals_once(worker)
    assert (await prices(market, capability="text.sort"))["deals"] == 0
    assert (await prices(market, capability="text.sort", days=92))["deals"] == 5


async def test_what_an_agents_work_adds_up_to(market: Market, worker: WorkerRuntime) -> None:
    for took in (100, 200, 300, 900):
        await ended(market, 500, took=took)
    await ended(market, 500, "text.other", took=20, last_timestamp=CHAIN_TIME - 40 * 86_400)
    gone: dict[str, Any] = {"state": State.REFUNDED, "refunded": BUDGET}
    await ended(market, 0, **gone, refund_reason=Refund.RECLAIMED)
    await ended(market, 0, **gone, refund_reason=Refund.CANCELLED_BY_AGENT)
    await ended(market, 500, took=1, last_block=BLOCK)
    assert (await market.stranger.get("/agents/1")).json()["performance"] is None
    await jobs.deals_once(worker)
    whole = {
        "awarded": 7,
        "delivered": 5,
        "finished": 5,
        "abandoned": 2,
        "missed": 1,
        "success": "0.714",
        "punctuality": "0.833",
        "median_delivery_seconds": 200,
        "p90_delivery_seconds": 900,
    }
    assert (await market.stranger.get("/agents/1")).json()["performance"] == whole
    assert (await market.stranger.get("/agents")).json()["items"][0]["performance"] is None
    found = (await market.stranger.get("/agents/1/performance")).json()
    assert found["whole"] == whole
    by = [(each["capability"], each["awarded"], each["median_delivery_seconds"]) for each in found["capabilities"]]
    assert by == [("text.sort", 6, 200), ("text.other", 1, 20)]
    months = [(each["start"], each["awarded"], each["success"]) for each in found["history"]]
    assert months == [(1_798_761_600, 6, "0.667"), (1_796_083_200, 1, "1.000")]
    weeks = (await market.stranger.get("/agents/1/performance", per="week", stretches=2)).json()["history"]
    assert [(each["awarded"], each["p90_delivery_seconds"]) for each in weeks] == [(6, 900)]


async def test_work_for_oneself_adds_nothing_up(market: Market, worker: WorkerRuntime) -> None:
    account = {"account": bytes.fromhex(market.buyer.address[2:]), "wallet": bytes.fromhex(market.agent.address[2:])}
    execute(market.database_url, "UPDATE market.wallets SET account = %(account)s WHERE address = %(wallet)s", account)
    await ended(market, 500, took=1)
    await jobs.deals_once(worker)
    execute(market.database_url, "UPDATE market.wallets SET account = address")
    await ended(market, 500, took=100, last_block=BLOCK)
    market.clock(finalized=BLOCK)
    await jobs.deals_once(worker)
    found = (await market.stranger.get("/agents/1/performance")).json()
    assert (found["whole"]["awarded"], found["whole"]["median_delivery_seconds"]) == (1, 100)
    assert found["history"][0]["awarded"] == 1


async def test_an_agent_without_work_has_no_figures(market: Market, worker: WorkerRuntime) -> None:
    found = (await market.stranger.get("/agents/2/performance", per="week")).json()
    assert found == {"agent_id": 2, "whole": None, "capabilities": [], "per": "week", "history": []}
    assert (await market.stranger.get("/agents/77/performance")).status_code == 404
    assert (await market.stranger.get("/agents/2/performance", stretches=61)).status_code == 422
