"""A least quality that the buyer asks for: who may bid, when that is fixed, and what the award's record shows of it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.auctions import jobs
from app.boundary import WorkerRuntime
from sdk.errors import AuctionRefused
from tests.integration.api import execute, working
from tests.integration.auctions.sealed import (
    COMMITTED,
    end,
    post_commit,
    sealed_bid,
    snapshot,
)
from tests.integration.auctions.test_transcript import put, read
from tests.integration.market import Market, Person, posting, problem

LEAST = 600_000
OPEN = {"kind": "open_descending", "duration_seconds": 300, "extension_seconds": 10, "min_quality": LEAST}
DUTCH = {"kind": "dutch", "duration_seconds": 300, "min_quality": LEAST}
SEALED = {"kind": "sealed_first_price", "duration_seconds": 300, "reveal_seconds": 60, "min_quality": LEAST}


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    """Agent 1 is known to be good, agent 2 is not known: the snapshot's prior is one half."""
    execute(market.database_url, "DELETE FROM market.reveal_failures")
    snapshot(market, {1: LEAST})
    async with working(market.settings) as runtime:
        yield runtime
    execute(market.database_url, "DELETE FROM market.quality_entries")


async def send(market: Market, person: Person, task_id: str, agent_id: int, price: int) -> httpx.Response:
    """The bid or the commitment, as the auction takes it."""
    found = (await market.stranger.get(f"/tasks/{task_id}/auction")).json()
    if found["kind"].startswith("sealed"):
        sealed = sealed_bid(market, person, task_id, agent_id, price)
        answer = await post_commit(market, sealed)
        if answer.status_code == 201:
            COMMITTED.setdefault(task_id, {})[agent_id] = sealed
        return answer
    return await person.post(f"/tasks/{task_id}/bids", sealed_bid(market, person, task_id, agent_id, price).body)


async def decided(market: Market, worker: WorkerRuntime, task_id: str) -> dict[str, Any]:
    """The auction once its time is over and its award is made."""
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    return dict((await market.stranger.get(f"/tasks/{task_id}/auction")).json())


@pytest.mark.parametrize("plan", [OPEN, DUTCH, SEALED], ids=lambda plan: plan["kind"])
async def test_who_is_below_it_may_not_bid(market: Market, worker: WorkerRuntime, plan: dict[str, Any]) -> None:
    task_id = await market.posted(await market.terms(), plan=plan)
    await jobs.catch_up_once(worker)
    snapshot(market, {1: 0, 2: 1_000_000})  # what is learnt after the opening changes nothing
    low = await send(market, market.rival, task_id, 2, 100_000)
    assert problem(low) == (403, "quality-too-low")
    assert (low.json()["agent_id"], low.json()["quality"], low.json()["min_quality"]) == (2, 500_000, LEAST)
    taken = await send(market, market.agent, task_id, 1, 400_000)
    assert taken.status_code == 201, taken.text
    found = await decided(market, worker, task_id)
    assert found["min_quality"] == LEAST
    winner, _ = (await read(market, task_id)).check()
    assert winner == found["winner"] is not None


@pytest.mark.parametrize("plan", [OPEN, DUTCH, SEALED], ids=lambda plan: plan["kind"])
async def test_bids_wait_for_the_opening_that_fixes_qualities(market: Market, plan: dict[str, Any]) -> None:
    task_id = await market.posted(await market.terms(), plan=plan)
    assert problem(await send(market, market.agent, task_id, 1, 100_000)) == (409, "bidding-not-open")


@pytest.mark.parametrize("plan", [OPEN, SEALED], ids=lambda plan: plan["kind"])
async def test_a_record_with_another_quality_is_found(
    market: Market, worker: WorkerRuntime, plan: dict[str, Any]
) -> None:
    task_id = await market.posted(await market.terms(), plan=plan)
    await jobs.catch_up_once(worker)
    await send(market, market.agent, task_id, 1, 400_000)
    await decided(market, worker, task_id)
    award = await read(market, task_id)
    assert json.loads(award.raw)["opening"]["min_quality"] == LEAST
    for change, rule in (
        (put("bids", 0, "quality", value=LEAST + 1), "quality"),
        (put("opening", "min_quality", value=LEAST + 1), "winner"),
    ):
        with pytest.raises(AuctionRefused) as refused:
            award.check(change)
        assert refused.value.rule == rule


@pytest.mark.parametrize("least", [0, 1_000_001, "600000", 0.6])
async def test_a_least_quality_is_in_millionths(market: Market, least: object) -> None:
    body = posting(await market.terms()) | {"auction": OPEN | {"min_quality": least}}
    assert problem(await market.buyer.post("/tasks", body)) == (422, "request-malformed")
