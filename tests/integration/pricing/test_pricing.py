"""Prices that move by themselves: by demand, within bounds, as versions; and a hand's change ends it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.boundary import WorkerRuntime, transaction
from app.chain.typed_data import ZERO_ADDRESS
from app.escrow.rules import State
from app.pricing import actions, jobs
from app.pricing.rules import Demand
from tests.integration.api import execute, working
from tests.integration.market import BLOCK, FINALIZED, Market, problem

LISTED = {"agent_id": 1, "capability": "text.sort", "title": "Sorting", "price": "1000"}
BOUNDS = {"floor": "900", "ceiling": "1150", "step_bps": 1000, "target": 1, "interval_seconds": 300}


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    for table in ("market.listings", "market.tasks", "chain.escrows", "chain.escrow_events"):
        execute(market.database_url, f"DELETE FROM {table}")
    async with working(market.settings) as runtime:
        yield runtime


@pytest.fixture
async def listing(market: Market, worker: WorkerRuntime) -> str:
    """A path: the first agent's listing, whose price moves."""
    answer = await market.agent.post("/listings", LISTED)
    assert answer.status_code == 201, answer.text
    path = f"/listings/{answer.json()['id']}"
    began = await put(market, path, BOUNDS)
    assert began.status_code == 200, began.text
    assert began.json()["ended_at"] is None
    return path


async def put(market: Market, path: str, body: dict[str, Any]) -> httpx.Response:
    client, headers = market.agent.wallet.client, market.agent.headers
    return await client.put(f"/v1{path}/pricing", json=body, headers=headers)


async def patch(market: Market, path: str, body: dict[str, Any]) -> None:
    answer = await market.agent.wallet.client.patch(f"/v1{path}", json=body, headers=market.agent.headers)
    assert answer.status_code == 200, answer.text


async def later(market: Market, worker: WorkerRuntime) -> int:
    """An interval later: how many prices moved."""
    execute(market.database_url, "UPDATE market.pricing_plans SET looked_at = looked_at - interval '301 seconds'")
    return await jobs.look_once(worker)


async def price(market: Market, path: str) -> int:
    return int((await market.stranger.get(path)).json()["price"])


async def work(market: Market, state: State = State.AWARDED, **changed: Any) -> None:
    await market.posted(await market.terms(awarder=ZERO_ADDRESS), **market.awarded(state) | changed)


async def test_an_idle_price_falls_to_the_floor_one_step_an_interval(
    market: Market, worker: WorkerRuntime, listing: str
) -> None:
    assert await jobs.look_once(worker) == 0  # the interval has not passed
    assert await later(market, worker) == 1
    assert await jobs.look_once(worker) == 0
    assert await price(market, listing) == 910
    assert await later(market, worker) == 1
    assert await price(market, listing) == 900
    assert await later(market, worker) == 0
    steps = (await market.agent.get(f"{listing}/pricing/steps")).json()["items"]
    assert [(each["before"], each["after"], each["reason"]) for each in steps] == [
        ("910", "900", "idle"),
        ("1000", "910", "idle"),
    ]
    versions = (await market.stranger.get(f"{listing}/versions")).json()["items"]
    assert [each["version"] for each in versions] == [1, 2, 3]
    assert (versions[2]["changed_by"], versions[2]["changes"]) == (None, {"price": ["910", "900"]})
    assert versions[0]["changed_by"] == market.agent.address
    paged = (await market.agent.get(f"{listing}/pricing/steps", limit=1)).json()
    rest = (await market.agent.get(f"{listing}/pricing/steps", limit=1, cursor=paged["next_cursor"])).json()
    assert [paged["items"][0]["version"], rest["items"][0]["version"]] == [3, 2]


async def test_a_busy_price_rises_to_the_ceiling_and_says_why(
    market: Market, worker: WorkerRuntime, listing: str
) -> None:
    await work(market)
    assert await later(market, worker) == 0  # as much as it aims at
    await work(market, State.DISPUTED)
    for expected in (1100, 1150, 1150):
        await later(market, worker)
        assert await price(market, listing) == expected
    step = (await market.agent.get(f"{listing}/pricing/steps")).json()["items"][-1]
    reasons = {name: step[name] for name in ("reason", "target", "load", "under_way", "won", "open_tasks", "offering")}
    assert reasons == {
        "reason": "load_above_target",
        "target": 1,
        "load": 2,
        "under_way": 2,
        "won": 0,
        "open_tasks": 0,
        "offering": 1,
    }


async def test_what_is_open_counts_once_it_is_final(market: Market, worker: WorkerRuntime, listing: str) -> None:
    await work(market)
    await market.posted(await market.terms(awarder=ZERO_ADDRESS), last_block=BLOCK)
    await market.posted(await market.terms(awarder=ZERO_ADDRESS), state=State.RELEASED)
    assert await later(market, worker) == 0
    await market.posted(await market.terms(awarder=ZERO_ADDRESS))
    assert await later(market, worker) == 1
    assert await price(market, listing) == 1100


async def test_work_that_was_won_and_done_meanwhile_is_not_idleness(
    market: Market, worker: WorkerRuntime, listing: str
) -> None:
    for capability, agent_id in (("text.sort.fast", 1), ("text.sort", 2), ("text", 1)):
        terms = await market.terms(awarder=ZERO_ADDRESS)
        task_id = await market.post(terms, capability=capability)
        market.mirror(terms, **market.awarded(State.RELEASED) | {"agent_id": agent_id})
        execute(market.database_url, "UPDATE chain.escrow_events SET log_index = log_index + 1")
        market.event("TaskAwarded", {}, task_id=task_id, block=FINALIZED + 1)
    assert await later(market, worker) == 1  # not final yet: idle
    assert await price(market, listing) == 910
    market.clock(finalized=BLOCK)
    assert await later(market, worker) == 0  # one was won
    assert await later(market, worker) == 1  # and none since
    step = (await market.agent.get(f"{listing}/pricing/steps")).json()["items"][0]
    assert (step["after"], step["won"]) == ("900", 0)


async def test_a_change_by_hand_wins_and_ends_it(market: Market, worker: WorkerRuntime, listing: str) -> None:
    await patch(market, listing, {"title": "Sorting of all kinds"})
    assert await later(market, worker) == 1  # not the price: it goes on
    await patch(market, listing, {"price": "950"})
    assert await later(market, worker) == 0
    assert await price(market, listing) == 950
    plan = (await market.agent.get(f"{listing}/pricing")).json()
    assert plan["end_reason"] == "changed_by_hand"
    assert plan["ended_at"] is not None
    assert await later(market, worker) == 0
    again = (await put(market, listing, BOUNDS)).json()
    assert (again["price"], again["end_reason"], again["ended_at"]) == ("950", None, None)
    assert await later(market, worker) == 1
    await patch(market, listing, {"pricing": "negotiated", "price": None})
    assert await later(market, worker) == 0
    assert (await market.agent.get(f"{listing}/pricing")).json()["end_reason"] == "changed_by_hand"


async def test_whoever_takes_no_work_is_not_idle(market: Market, worker: WorkerRuntime, listing: str) -> None:
    await patch(market, listing, {"availability": "paused"})
    assert await later(market, worker) == 0
    await patch(market, listing, {"availability": "open"})
    execute(market.database_url, "UPDATE chain.cursors SET halted = 'a reorg below what was final'")
    assert await later(market, worker) == 0
    execute(market.database_url, "UPDATE chain.cursors SET halted = NULL")
    assert await later(market, worker) == 1


async def test_opting_out_and_in_again(market: Market, worker: WorkerRuntime, listing: str) -> None:
    client, headers = market.agent.wallet.client, market.agent.headers
    for _ in range(2):
        assert (await client.delete(f"/v1{listing}/pricing", headers=headers)).status_code == 204
    assert await later(market, worker) == 0
    assert (await market.agent.get(f"{listing}/pricing")).json()["end_reason"] == "opted_out"
    started = (await put(market, listing, BOUNDS)).json()
    changed = (await put(market, listing, BOUNDS | {"ceiling": "1000", "target": 3})).json()
    assert changed["started_at"] == started["started_at"]
    assert (changed["ceiling"], changed["target"]) == ("1000", 3)
    await work(market)
    assert await later(market, worker) == 0


async def test_refuses_what_is_no_plan(market: Market, listing: str) -> None:
    assert problem(await put(market, listing, BOUNDS | {"floor": "1001"})) == (422, "pricing-refused")
    assert problem(await put(market, listing, BOUNDS | {"floor": "0"})) == (422, "pricing-refused")
    assert (await put(market, listing, BOUNDS | {"step_bps": 0})).status_code == 422
    assert (await put(market, listing, BOUNDS | {"interval_seconds": 299})).status_code == 422
    free = await market.agent.post("/listings", {**LISTED, "price": None})
    assert problem(await put(market, f"/listings/{free.json()['id']}", BOUNDS)) == (422, "pricing-refused")
    assert (await market.agent.get(f"/listings/{free.json()['id']}/pricing")).status_code == 404


async def test_bounds_are_shown_to_nobody_else(market: Market, listing: str) -> None:
    client, headers = market.stranger.wallet.client, market.stranger.headers
    assert problem(await market.stranger.get(f"{listing}/pricing")) == (403, "not-controller")
    assert problem(await market.stranger.get(f"{listing}/pricing/steps")) == (403, "not-controller")
    assert (await client.put(f"/v1{listing}/pricing", json=BOUNDS, headers=headers)).status_code == 403
    assert (await client.delete(f"/v1{listing}/pricing", headers=headers)).status_code == 403
    assert (await client.get(f"/v1{listing}/pricing")).status_code == 401
    await patch(market, listing, {"visibility": "private"})
    for path in (f"{listing}/pricing", f"{listing}/pricing/steps"):
        assert (await market.stranger.get(path)).status_code == 404
    removed = await market.agent.delete(listing)
    assert removed.status_code == 204
    assert execute(market.database_url, "SELECT count(*) FROM market.pricing_plans") == [(0,)]


async def test_one_look_in_an_interval_whoever_looks(market: Market, worker: WorkerRuntime, listing: str) -> None:
    """A second worker that found the same price due looks again, and sees that it is due no longer."""
    execute(market.database_url, "UPDATE market.pricing_plans SET looked_at = looked_at - interval '301 seconds'")
    moved = []
    for _ in range(2):
        async with transaction(worker.sessions) as session:
            moved.append(await actions.look(session, UUID(listing[10:]), Demand(0, 0, 0, 1), FINALIZED))
    assert [each is not None for each in moved] == [True, False]
    assert await price(market, listing) == 910
