"""The auction by itself: it opens at funding, closes once, awards over final funding, and runs once more."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.announcements.actions import announce
from app.auctions import jobs
from app.boundary import WorkerRuntime, transaction
from app.chain import contracts
from tests.integration.api import execute, working
from tests.integration.auctions.sealed import commit as bid
from tests.integration.auctions.sealed import end
from tests.integration.market import BUDGET, CHAIN_TIME, FINALIZED, Market


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    async with working(market.settings) as runtime:
        yield runtime


async def funded(market: Market, worker: WorkerRuntime, **escrow: Any) -> str:
    """A task whose funding was announced, with its auction opened."""
    terms = await market.terms()
    task_id = await market.posted(terms, **escrow)
    async with transaction(worker.sessions) as session:
        await announce(session, "chain.TaskFunded", f"task:{task_id}", {"block": FINALIZED, "args": {}})
    await jobs.sweep_once(worker)
    return task_id


async def auction(market: Market, task_id: str) -> dict[str, Any]:
    return dict((await market.buyer.get(f"/tasks/{task_id}/auction")).json())


def awards(market: Market, task_id: str) -> list[str]:
    """The keys of the award intents, oldest first."""
    found = execute(
        market.database_url,
        "SELECT key FROM market.intents WHERE verb = 'award' AND task_id = %(id)s ORDER BY created_at",
        {"id": bytes.fromhex(task_id[2:])},
    )
    return [key for (key,) in found]


async def test_opens_at_funding_and_only_once(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker)
    first = await auction(market, task_id)
    assert first["opened_at"] is not None
    async with transaction(worker.sessions) as session:
        await announce(session, "chain.TaskFunded", f"task:{task_id}", {"block": FINALIZED, "args": {}})
    await jobs.sweep_once(worker)
    assert await auction(market, task_id) == first


async def test_opens_a_task_that_was_posted_after_its_funding(market: Market, worker: WorkerRuntime) -> None:
    draft, paid = await market.post(await market.terms(), seconds=60), await market.posted(await market.terms())
    await jobs.catch_up_once(worker)
    assert (await auction(market, paid))["opened_at"] is not None
    assert (await auction(market, draft))["opened_at"] is None


async def test_awards_the_lowest_bid_at_the_second_price_with_a_public_transcript(
    market: Market, worker: WorkerRuntime
) -> None:
    task_id = await funded(market, worker)
    await bid(market, market.agent, task_id, 1, 400_000)
    lower = await bid(market, market.rival, task_id, 2, 300_000)
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    done = await auction(market, task_id)
    assert (done["winner"], done["price"]) == (lower["bid_digest"], "400000")
    assert awards(market, task_id) == [f"award:{task_id}:1"]
    assert (await market.buyer.get(f"/tasks/{task_id}")).json()["state"] == "awarding"
    record = await market.stranger.get(f"/content/{done['transcript']}")
    assert "0x" + hashlib.sha256(record.content).hexdigest() == done["transcript"]
    transcript = json.loads(record.content)
    assert (transcript["winner"], transcript["price"], len(transcript["bids"])) == (done["winner"], "400000", 2)
    canonical = json.dumps(transcript, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical == record.content


async def test_the_award_is_signed_over_bid_price_and_transcript(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker)
    await bid(market, market.agent, task_id, 1, 400_000)
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    done = await auction(market, task_id)
    found = execute(
        market.database_url,
        "SELECT calldata, account FROM market.intents WHERE key = %(key)s",
        {"key": f"award:{task_id}:1"},
    )
    data, account = bytes(found[0][0]), bytes(found[0][1])
    assert account == bytes.fromhex(market.auctioneer[2:])
    assert data[:4] == contracts.selector(contracts.functions("TaskEscrow")["award"])
    assert BUDGET.to_bytes(32, "big") in data
    assert bytes.fromhex(done["transcript"][2:]) in data


async def test_two_closers_close_once(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker)
    await bid(market, market.agent, task_id, 1)
    await end(market, worker, task_id)
    await asyncio.gather(*(jobs.sweep_once(worker) for _ in range(3)))
    await jobs.sweep_once(worker)
    said = execute(
        market.database_url,
        "SELECT topic, count(*) FROM market.announcements "
        "WHERE subject = %(subject)s AND topic LIKE 'auction.%%' GROUP BY topic ORDER BY topic",
        {"subject": f"task:{task_id}"},
    )
    assert said == [("auction.closed", 1), ("auction.decided", 1), ("auction.opened", 1), ("auction.revealed", 1)]
    assert awards(market, task_id) == [f"award:{task_id}:1"]


async def test_awards_only_over_final_funding(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker, funded_block=FINALIZED + 1, last_block=FINALIZED + 1)
    await bid(market, market.agent, task_id, 1)
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    assert awards(market, task_id) == []
    assert (await market.buyer.get(f"/tasks/{task_id}")).json()["state"] == "closed"
    market.clock(finalized=FINALIZED + 1)
    execute(market.database_url, "UPDATE chain.cursors SET halted = 'a finalized block was replaced'")
    await jobs.sweep_once(worker)
    assert awards(market, task_id) == []
    execute(market.database_url, "UPDATE chain.cursors SET halted = NULL")
    await jobs.sweep_once(worker)
    assert awards(market, task_id) == [f"award:{task_id}:1"]


async def test_a_failed_award_strikes_the_bid_and_runs_once_more(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker)
    lower = await bid(market, market.agent, task_id, 1, 300_000)
    higher = await bid(market, market.rival, task_id, 2, 400_000)
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    market.fail_intents("award", "AgentIdNotControlled")
    await jobs.sweep_once(worker)
    again = await auction(market, task_id)
    assert (again["winner"], again["price"], again["attempts"]) == (higher["bid_digest"], str(BUDGET), 2)
    struck = {each["bid_digest"]: each["struck_reason"] for each in again["bids"]}
    assert struck == {lower["bid_digest"]: "AgentIdNotControlled", higher["bid_digest"]: None}
    market.clock(CHAIN_TIME + 700)  # too late for another round
    market.fail_intents("award", "AgentIdNotControlled")
    await jobs.sweep_once(worker)
    await jobs.sweep_once(worker)
    task = (await market.buyer.get(f"/tasks/{task_id}")).json()
    assert (task["state"], task["reason"]) == ("award_failed", "AgentIdNotControlled")
    assert awards(market, task_id) == [f"award:{task_id}:1", f"award:{task_id}:2"]


async def test_after_two_failures_the_auction_opens_again_once(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker)
    for round_ in (0, 1):
        stays = await bid(market, market.agent, task_id, 1, 300_000, round_=round_)
        await end(market, worker, task_id)
        await jobs.sweep_once(worker)
        for _ in range(2):
            market.fail_intents("award", "TransferFailed")
            await jobs.sweep_once(worker)
        record = await auction(market, task_id)
        assert record["round"] == 1
        assert stays["bid_digest"] not in [each["bid_digest"] for each in record["bids"]] or round_ == 1
    task = (await market.buyer.get(f"/tasks/{task_id}")).json()
    assert task["state"] == "award_failed"
    assert awards(market, task_id) == [f"award:{task_id}:{number}" for number in (1, 2, 3, 4)]


async def test_a_failure_that_is_not_the_bids_leaves_it_in(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker)
    only = await bid(market, market.agent, task_id, 1, 300_000)
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    market.fail_intents("award", "TransferFailed")
    await jobs.sweep_once(worker)
    again = await auction(market, task_id)
    assert (again["winner"], again["attempts"]) == (only["bid_digest"], 2)


async def test_the_only_bid_struck_ends_the_auction(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker)
    await bid(market, market.agent, task_id, 1, 300_000)
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    market.clock(CHAIN_TIME + 700)
    market.fail_intents("award", "BidExpired")
    await jobs.sweep_once(worker)
    assert (await market.buyer.get(f"/tasks/{task_id}")).json()["state"] == "award_failed"


async def test_a_bidder_who_lost_his_agent_is_passed_over(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker)
    await bid(market, market.agent, task_id, 1, 300_000)
    higher = await bid(market, market.rival, task_id, 2, 400_000)
    execute(
        market.database_url,
        "UPDATE chain.agents SET owner = %(owner)s WHERE agent_id = 1",
        {"owner": bytes.fromhex(market.stranger.address[2:])},
    )
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    assert (await auction(market, task_id))["winner"] == higher["bid_digest"]


async def test_without_bids_the_task_waits_and_expires(market: Market, worker: WorkerRuntime) -> None:
    task_id = await funded(market, worker)
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    assert (await market.buyer.get(f"/tasks/{task_id}")).json()["state"] == "closed"
    market.clock(CHAIN_TIME + 1001)
    await jobs.sweep_once(worker)
    assert (await market.buyer.get(f"/tasks/{task_id}")).json()["state"] == "expired"
    assert awards(market, task_id) == []


async def test_the_awarded_agent_may_read_private_content(market: Market, worker: WorkerRuntime) -> None:
    terms = await market.terms()
    task_id = await market.post(terms, seconds=60, visibility="private")
    market.mirror(terms)
    assert not await market.agent.reads(terms.content)
    facts = {"block": FINALIZED, "args": {"agent": market.agent.address}}
    async with transaction(worker.sessions) as session:
        await announce(session, "chain.TaskAwarded", f"task:{task_id}", facts)
    await jobs.sweep_once(worker)
    assert await market.agent.reads(terms.content)


async def test_a_revocation_that_somebody_carried_strikes_the_bid(market: Market, worker: WorkerRuntime) -> None:
    """The next best bid is awarded instead; who revokes after the close is remembered."""
    task_id = await funded(market, worker)
    revoked = (await bid(market, market.agent, task_id, 1, 300_000))["bid_digest"]
    kept = (await bid(market, market.rival, task_id, 2, 400_000))["bid_digest"]
    await end(market, worker, task_id)
    await jobs.show(worker)
    async with transaction(worker.sessions) as session:
        args = {"bidDigest": revoked, "agent": market.agent.address}
        await announce(session, "chain.BidRevoked", f"task:{task_id}", {"block": FINALIZED, "args": args})
    await jobs.sweep_once(worker)
    record = await auction(market, task_id)
    assert {each["bid_digest"]: each["struck_reason"] for each in record["bids"]} == {
        revoked: "BidIsRevoked",
        kept: None,
    }
    assert record["winner"] == kept
    assert failures(market, task_id) == [(1, "revoked")]


async def test_a_bid_that_was_revoked_before_it_was_shown_is_struck_when_it_is(
    market: Market, worker: WorkerRuntime
) -> None:
    task_id = await funded(market, worker)
    revoked = (await bid(market, market.agent, task_id, 1, 300_000))["bid_digest"]
    kept = (await bid(market, market.rival, task_id, 2, 400_000))["bid_digest"]
    await end(market, worker, task_id)
    args = {"bidDigest": revoked, "agent": market.agent.address}
    market.event("BidRevoked", args, task_id=task_id, block=52)
    await jobs.sweep_once(worker)
    assert (await auction(market, task_id))["winner"] == kept
    assert failures(market, task_id) == [(1, "revoked")]


def failures(market: Market, task_id: str) -> list[tuple[Any, ...]]:
    """Who did not stand by his commitment, and how."""
    found = "SELECT agent_id, reason FROM market.reveal_failures WHERE task_id = %(id)s ORDER BY agent_id"
    return execute(market.database_url, found, {"id": bytes.fromhex(task_id[2:])})


@pytest.fixture(autouse=True)
def no_record(market: Market) -> None:
    """A test's failures bar nobody in the next."""
    execute(market.database_url, "DELETE FROM market.reveal_failures")
