"""Open descending auctions and Dutch ones: who leads binds, late bids extend, the first to accept has it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from app.auctions import jobs
from app.boundary import WorkerRuntime
from tests.integration.api import execute, mirror_agent, working
from tests.integration.auctions.sealed import sealed_bid
from tests.integration.auctions.test_bids import asked, bid, signed_bid
from tests.integration.market import BUDGET, Market, Person, posting, problem

OPEN = {"kind": "open_descending", "duration_seconds": 300, "extension_seconds": 10, "decrement_bps": 1000}
DUTCH = {"kind": "dutch", "duration_seconds": 300, "start_price": str(BUDGET // 2)}


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    async with working(market.settings) as runtime:
        yield runtime


async def opened(market: Market, worker: WorkerRuntime, plan: dict[str, Any]) -> str:
    task_id = await market.posted(await market.terms(), plan=plan)
    await jobs.catch_up_once(worker)
    return task_id


async def record(market: Market, task_id: str) -> dict[str, Any]:
    return dict((await market.stranger.get(f"/tasks/{task_id}/auction")).json())


async def send(person: Person, task_id: str, agent_id: int, price: int) -> httpx.Response:
    """A signed bid, whatever comes of it."""
    body = await signed_bid(person, task_id, asked(person, agent_id, price))
    return await person.post(f"/tasks/{task_id}/bids", body)


def shift(market: Market, task_id: str, seconds: float) -> None:
    """As if so much time had passed since the opening."""
    execute(
        market.database_url,
        "UPDATE market.auctions SET opened_at = opened_at - %(by)s * interval '1 s', closes_at = closes_at"
        " - %(by)s * interval '1 s', latest_close_at = latest_close_at - %(by)s * interval '1 s'"
        " WHERE task_id = %(id)s",
        {"id": bytes.fromhex(task_id[2:]), "by": seconds},
    )


async def test_each_bid_is_a_step_below_and_all_may_read_it(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker, OPEN)
    await bid(market.agent, task_id, 1, 800_000)
    high = await send(market.rival, task_id, 2, 720_001)
    assert (problem(high), high.json()["highest"]) == ((409, "bid-too-high"), "720000")
    await bid(market.rival, task_id, 2, 720_000)
    assert [each["bid"]["minPrice"] for each in (await record(market, task_id))["bids"]] == ["720000", "800000"]


async def test_a_bid_that_has_led_binds(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker, OPEN)
    led = await bid(market.agent, task_id, 1, 800_000)
    await bid(market.rival, task_id, 2, 700_000)
    assert problem(await market.agent.delete(f"/tasks/{task_id}/bids/{led['bid_digest']}")) == (409, "bid-has-led")
    shift(market, task_id, 400)
    await jobs.sweep_once(worker)
    assert (await record(market, task_id))["price"] == "700000"
    market.fail_intents("award", "BidIsRevoked")
    await jobs.sweep_once(worker)
    again = await record(market, task_id)
    assert (again["winner"], again["price"]) == (led["bid_digest"], "800000")
    execute(market.database_url, "DELETE FROM market.reveal_failures")


async def test_a_late_bid_extends_the_time_up_to_the_latest_close(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker, OPEN)
    before = await record(market, task_id)
    await bid(market.agent, task_id, 1, 800_000)
    assert (await record(market, task_id))["closes_at"] == before["closes_at"]
    shift(market, task_id, 295)
    shifted = moment(await record(market, task_id), "closes_at")
    await bid(market.rival, task_id, 2, 700_000)
    after = await record(market, task_id)
    assert 0 < (moment(after, "closes_at") - shifted).total_seconds() <= 10
    execute(market.database_url, "UPDATE market.auctions SET latest_close_at = closes_at")
    await bid(market.agent, task_id, 1, 600_000)
    assert moment(await record(market, task_id), "closes_at") == moment(after, "closes_at")


def moment(found: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(found[name])


async def test_of_many_who_bid_the_same_at_once_one_leads(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker, OPEN)
    bodies = [
        await signed_bid(person, task_id, asked(person, number, 500_000))
        for person, number in ((market.agent, 1), (market.rival, 2))
    ]
    path = f"/tasks/{task_id}/bids"
    posts = (market.agent.post(path, bodies[0]), market.rival.post(path, bodies[1]))
    assert Counter(answer.status_code for answer in await asyncio.gather(*posts)) == {201: 1, 409: 1}


async def test_the_first_to_accept_a_dutch_price_has_it(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker, DUTCH)
    shift(market, task_id, 150)
    dear = await send(market.rival, task_id, 2, 800_000)
    assert problem(dear) == (409, "bid-too-high")
    assert 750_000 <= int(dear.json()["highest"]) < 760_000
    taken = await bid(market.agent, task_id, 1, 600_000)
    assert 750_000 <= int(taken["accepted_price"]) < 760_000
    late = await market.rival.post(f"/tasks/{task_id}/bids", sealed_bid(market, market.rival, task_id, 2, 1).body)
    assert problem(late) == (409, "bidding-closed")
    await jobs.sweep_once(worker)
    found = await record(market, task_id)
    assert (found["winner"], found["price"]) == (taken["bid_digest"], taken["accepted_price"])
    transcript = json.loads((await market.stranger.get(f"/content/{found['transcript']}")).content)
    assert transcript["bids"][0]["accepted_price"] == found["price"]


async def test_two_who_accept_at_once(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker, DUTCH)
    mirror_agent(market.database_url, 50, market.rival.address)
    bodies = [
        await signed_bid(person, task_id, asked(person, number, 1))
        for person, number in ((market.agent, 1), (market.rival, 50))
    ]
    path = f"/tasks/{task_id}/bids"
    posts = (market.agent.post(path, bodies[0]), market.rival.post(path, bodies[1]))
    assert Counter(answer.status_code for answer in await asyncio.gather(*posts)) == {201: 1, 409: 1}
    execute(market.database_url, "DELETE FROM chain.agents WHERE agent_id = 50")


async def test_a_dutch_price_is_not_taken_before_it_runs(market: Market) -> None:
    task_id = await market.posted(await market.terms(), plan=DUTCH)
    body = await signed_bid(market.agent, task_id, asked(market.agent, 1, 1))
    assert problem(await market.agent.post(f"/tasks/{task_id}/bids", body)) == (409, "bidding-not-open")


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (DUTCH | {"start_price": str(BUDGET + 1)}, "start_price"),
        (DUTCH | {"reveal_seconds": 5}, "reveal_seconds"),
        (OPEN | {"value": str(BUDGET)}, "value"),
        ({"kind": "sealed_first_price", "duration_seconds": 60, "value": str(BUDGET - 1)}, "value"),
    ],
)
async def test_a_plan_of_another_kind_is_refused(market: Market, plan: dict[str, Any], field: str) -> None:
    terms = await market.terms()
    refused = await market.buyer.post("/tasks", posting(terms) | {"auction": plan})
    assert (problem(refused), refused.json()["field"]) == ((422, "auction-plan-refused"), field)
