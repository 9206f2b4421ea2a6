"""Coming to the market step by step, and leaving it: nothing new, nothing half done, and told what is left."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.auctions import jobs
from app.boundary import WorkerRuntime
from app.escrow.rules import State
from tests.integration.api import execute, working
from tests.integration.auctions.sealed import commit, end_bidding
from tests.integration.auctions.test_bids import OPEN, bid, quotes
from tests.integration.market import Market, problem

LISTING = {"agent_id": 1, "capability": "text.sort", "title": "Sorting", "price": "5"}


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    for table in ("market.listings", "market.agent_profiles", "market.agent_heartbeats", "market.reveal_failures"):
        execute(market.database_url, f"DELETE FROM {table}")
    for table in ("market.tasks", "chain.escrows"):
        execute(market.database_url, f"DELETE FROM {table}")
    async with working(market.settings) as runtime:
        yield runtime


async def put(market: Market, path: str, body: dict[str, Any]) -> None:
    answer = await market.agent.wallet.client.put(f"/v1{path}", json=body, headers=market.agent.headers)
    assert answer.status_code < 300, answer.text


async def test_coming_step_by_step(market: Market, worker: WorkerRuntime) -> None:
    async def next_step() -> str | None:
        found = (await market.stranger.get("/agents/1/onboarding")).json()
        assert [step["done"] for step in found["steps"]] == sorted(
            (step["done"] for step in found["steps"]), reverse=True
        )
        return str(found["next"]) if found["next"] else None

    assert await next_step() == "described"
    await put(market, "/agents/1/profile", {"name": "Ada"})
    assert await next_step() == "listed"
    assert (await market.agent.post("/listings", LISTING)).status_code == 201
    assert await next_step() == "alive"
    await put(market, "/agents/1/heartbeat", {"state": "ready"})
    assert await next_step() == "bidding"
    await bid(market.agent, await quotes(market), 1)
    assert await next_step() is None
    assert problem(await market.stranger.get("/agents/99/onboarding")) == (404, "not-found")
    assert worker


async def test_leaving_takes_back_what_binds_nobody_and_tells_the_rest(market: Market, worker: WorkerRuntime) -> None:
    assert (await market.agent.post("/listings", LISTING)).status_code == 201
    quote, sealed, closing = await quotes(market), *[await market.posted(await market.terms()) for _ in range(2)]
    led = await market.posted(await market.terms(), plan=OPEN)
    await jobs.catch_up_once(worker)
    await bid(market.agent, quote, 1)
    leading = await bid(market.agent, led, 1)
    for task_id in (sealed, closing):
        await commit(market, market.agent, task_id, 1)
    end_bidding(market, closing)
    await jobs.close(worker)
    held = await market.terms()
    await market.post(held, auction=OPEN)
    market.mirror(held, **market.awarded(State.AWARDED))
    asked = (await market.agent.get("/agents/1/offboarding")).json()
    assert (len(asked["binding_bids"]), len(asked["reveals"]), asked["open_listings"]) == (2, 2, 1)
    left = (await market.agent.post("/agents/1/offboarding")).json()
    assert left == {
        "done": False,
        "work": [
            {
                "task_id": market.task_id(held),
                "state": "awarded",
                "todo": "submit the work, or hand the task back by cancel",
            }
        ],
        "binding_bids": [{"task_id": led, "bid_digest": leading["bid_digest"]}],
        "reveals": [closing],
        "open_listings": 0,
    }
    assert (await market.agent.get(f"/tasks/{quote}/bids")).json()["items"] == []
    assert (await market.stranger.get("/agents/1")).json()["live"] == "away"
    assert [each["availability"] for each in (await market.stranger.get("/listings")).json()["items"]] == ["paused"]
    assert (await market.agent.post("/agents/1/offboarding")).json() == left


async def test_an_agent_without_duties_is_gone_at_once(market: Market, worker: WorkerRuntime) -> None:
    assert (await market.rival.post("/agents/2/offboarding")).json()["done"] is True
    for path in ("/agents/2/offboarding", "/agents/99/offboarding"):
        refused = await market.stranger.post(path)
        assert problem(refused) in ((403, "not-controller"), (404, "not-found"))
        assert refused.status_code == (await market.stranger.get(path)).status_code
    assert worker
