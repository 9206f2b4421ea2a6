"""Sealed auctions: commitments, the reveal window, what nobody can read before, and who does not stand by his word."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest

from app.auctions import jobs
from app.auctions.commitments import auction_id, commit_leaf, merkle_root
from app.boundary import WorkerRuntime
from app.chain.typed_data import ZERO_ADDRESS
from sdk import transcripts
from sdk.digests import digest_of
from tests.integration.api import execute, mirror_agent, working
from tests.integration.auctions.sealed import (
    Sealed,
    commit,
    commit_body,
    end_bidding,
    end_reveals,
    post_commit,
    reveal,
    reveal_all,
    sealed_bid,
    snapshot,
)
from tests.integration.market import BUDGET, CHAIN_TIME, Market, Person, problem

PRICE = 483_271


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    execute(market.database_url, "DELETE FROM market.reveal_failures")
    async with working(market.settings) as runtime:
        yield runtime


async def opened(market: Market, worker: WorkerRuntime, **plan: Any) -> str:
    """A funded task whose auction is open."""
    usual = {"kind": "sealed_second_score", "duration_seconds": 300, "reveal_seconds": 60}
    task_id = await market.posted(await market.terms(), plan=usual | plan)
    await jobs.catch_up_once(worker)
    return task_id


async def record(market: Market, task_id: str, who: Person | None = None) -> dict[str, Any]:
    return dict((await (who or market.buyer).get(f"/tasks/{task_id}/auction")).json())


async def close(market: Market, worker: WorkerRuntime, task_id: str) -> None:
    end_bidding(market, task_id)
    await jobs.close(worker)


async def test_what_is_fixed_at_the_opening(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    found = await record(market, task_id)
    assert (found["value"], found["auction_id"]) == (str(2 * BUDGET), auction_id(task_id, 0))  # type: ignore[arg-type]
    said = execute(
        market.database_url,
        "SELECT payload FROM market.announcements WHERE topic = 'auction.opened' AND subject = %(subject)s",
        {"subject": f"task:{task_id}"},
    )[0][0]
    assert said["digest"] == found["opening"]
    assert said["opening"]["seed_digest"] == found["seed_digest"]
    document = await market.stranger.get(f"/qualities/{found['qualities']}")
    assert digest_of(document.content) == found["qualities"]
    assert document.json() == {"formula": "prior-1", "prior": 500_000, "qualities": {}}


async def test_the_root_of_all_commitments_is_published_at_the_close(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    await commit(market, market.agent, task_id, 1)
    await commit(market, market.rival, task_id, 2)
    before = await record(market, task_id, market.agent)
    assert (before["commits"], before["commit_root"]) == ([], None)
    await close(market, worker, task_id)
    found = await record(market, task_id, market.stranger)
    leaves = [commit_leaf(each["agent_id"], each["commitment"]) for each in found["commits"]]
    assert (len(leaves), merkle_root(leaves)) == (2, found["commit_root"])
    assert transcripts.root_of((each["agent_id"], each["commitment"]) for each in found["commits"]) == merkle_root(
        leaves
    )
    assert found["bids"] == []


async def test_nothing_readable_before_all_are_shown(
    market: Market, worker: WorkerRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    """Database, announcements, stored answers and logs are searched for the price, before and in the window."""
    caplog.set_level(logging.DEBUG)
    task_id = await opened(market, worker)
    mine = await commit(market, market.agent, task_id, 1, PRICE)
    await commit(market, market.rival, task_id, 2, 611_953)
    assert traces(market, mine, caplog) == []
    await close(market, worker, task_id)
    await reveal_all(task_id)
    for who in (market.agent, market.rival, market.buyer, market.stranger):
        for path in ("", "/auction", "/bids"):
            assert str(PRICE) not in (await who.get(f"/tasks/{task_id}{path}")).text
    assert traces(market, mine, caplog) == []
    await jobs.show(worker)
    assert (await record(market, task_id))["bids"] == []
    end_reveals(market, task_id)
    await jobs.show(worker)
    shown = await record(market, task_id, market.stranger)
    assert sorted(each["bid"]["minPrice"] for each in shown["bids"]) == [str(PRICE), "611953"]
    assert traces(market, mine, caplog) != []


def traces(market: Market, mine: Sealed, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Where price, salt, digest or signature of a bid stand: as text, hex or number, in any row or line."""
    price = mine.bid.min_price
    needles = {str(price), f"{price:x}", mine.bid.salt[2:], mine.digest[2:], mine.signature[2:]}
    found: list[str] = []
    with psycopg.connect(market.database_url) as connection:
        tables = connection.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables"
            " WHERE schemaname IN ('market', 'chain')"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
            found += [f"{table}: {needle}" for (row,) in rows for needle in needles if needle in row]
    return found + [line for line in caplog.text.splitlines() if any(needle in line for needle in needles)]


async def test_sealed_reveals_are_of_one_length(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    await commit(market, market.agent, task_id, 1, 1)
    await commit(market, market.rival, task_id, 2, BUDGET)
    await close(market, worker, task_id)
    await reveal_all(task_id)
    lengths = execute(market.database_url, "SELECT DISTINCT length(sealed) FROM market.bid_commits")
    assert len([each for each in lengths if each != (None,)]) == 1


async def test_a_later_commitment_takes_the_place_of_the_first(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    first = await commit(market, market.agent, task_id, 1, 300_000)
    second = await commit(market, market.agent, task_id, 1, 200_000)
    await close(market, worker, task_id)
    assert problem(await reveal(first)) == (409, "commit-missing")
    assert (await reveal(second)).status_code == 201
    assert (await reveal(second)).status_code == 201


async def test_a_commitment_is_withdrawn_before_the_close_only(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    await commit(market, market.agent, task_id, 1)
    path = f"/tasks/{task_id}/commits/1"
    assert problem(await market.rival.delete(path)) == (403, "bid-not-yours")
    assert (await market.agent.delete(path)).status_code == 204
    assert problem(await market.agent.delete(path)) == (404, "not-found")
    await commit(market, market.agent, task_id, 1)
    end_bidding(market, task_id)
    assert problem(await market.agent.delete(path)) == (409, "bidding-closed")


async def test_the_windows_hold(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    sealed = await commit(market, market.agent, task_id, 1)
    late = sealed_bid(market, market.rival, task_id, 2, 5)
    assert problem(await reveal(sealed)) == (409, "reveal-not-now")
    end_bidding(market, task_id)
    assert problem(await post_commit(market, late)) == (409, "bidding-closed")
    assert problem(await reveal(sealed)) == (409, "reveal-not-now")
    await jobs.close(worker)
    assert problem(await post_commit(market, late)) == (409, "wrong-task-state")
    end_reveals(market, task_id)
    assert problem(await reveal(sealed)) == (409, "reveal-not-now")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"signature": "0x" + "11" * 65}, (422, "bad-signature")),
        ({"commitment": "0x" + "22" * 32}, (422, "bad-signature")),
        ({"auction_id": "0x" + "33" * 32}, (409, "commit-of-other-auction")),
        ({"agent_id": 2}, (403, "agent-id-not-controlled")),
        ({"agent_id": 0}, (422, "request-malformed")),
        ({"min_price": "5"}, (422, "request-malformed")),
    ],
)
async def test_refuses_a_commitment(
    market: Market, worker: WorkerRuntime, changed: dict[str, Any], expected: tuple[int, str]
) -> None:
    task_id = await opened(market, worker)
    body = commit_body(market, sealed_bid(market, market.agent, task_id, 1, 5)) | changed
    assert problem(await market.agent.post(f"/tasks/{task_id}/commits", body)) == expected
    await close(market, worker, task_id)
    assert (await record(market, task_id))["commits"] == []


async def test_parties_do_not_bid_nor_do_wallets_of_the_buyers_account(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    mirror_agent(market.database_url, 70, market.buyer.address)
    body = commit_body(market, sealed_bid(market, market.buyer, task_id, 70, 5))
    assert problem(await market.buyer.post(f"/tasks/{task_id}/commits", body)) == (403, "bidder-is-party")
    link(market, market.agent, market.buyer)
    sealed = sealed_bid(market, market.agent, task_id, 1, 5)
    assert problem(await post_commit(market, sealed)) == (403, "bidder-is-linked")
    quotes = await market.posted(await market.terms(awarder=ZERO_ADDRESS))
    asked = {"agent_id": 1, "payee": market.agent.address, "min_price": "5", "min_work_seconds": 1}
    refused = await market.agent.post(f"/tasks/{quotes}/bids/prepare", asked | {"valid_until": CHAIN_TIME + 500})
    link(market, market.agent, market.agent)
    assert problem(refused) == (403, "bidder-is-linked")


def link(market: Market, wallet: Person, account: Person) -> None:
    """Puts a wallet into an account, as linking does."""
    execute(
        market.database_url,
        "UPDATE market.wallets SET account = %(account)s WHERE address = %(wallet)s",
        {"account": bytes.fromhex(account.address[2:]), "wallet": bytes.fromhex(wallet.address[2:])},
    )


async def test_open_and_sealed_are_not_mixed_up(market: Market, worker: WorkerRuntime) -> None:
    sealed_task = await opened(market, worker)
    body = {"agent_id": 1, "payee": market.agent.address, "min_price": "5", "min_work_seconds": 1}
    asked = body | {"valid_until": CHAIN_TIME + 500}
    assert problem(await market.agent.post(f"/tasks/{sealed_task}/bids/prepare", asked)) == (409, "bids-are-sealed")
    plan = {"kind": "open_descending", "duration_seconds": 60, "extension_seconds": 5}
    open_task = await market.posted(await market.terms(), plan=plan)
    refused = await post_commit(market, sealed_bid(market, market.agent, open_task, 1, 5))
    assert problem(refused) == (409, "bids-are-open")


async def test_who_does_not_reveal_is_remembered_and_barred(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    await commit(market, market.agent, task_id, 1)
    shown = await commit(market, market.rival, task_id, 2)
    await close(market, worker, task_id)
    await reveal(shown)
    end_reveals(market, task_id)
    await jobs.show(worker)
    assert failures(market, task_id) == [(1, BUDGET, "unrevealed")]
    other = await opened(market, worker)
    barred = await post_commit(market, sealed_bid(market, market.agent, other, 1, 5))
    assert (problem(barred), barred.json()["task_id"]) == ((409, "barred-from-sealed"), task_id)
    execute(market.database_url, "UPDATE market.reveal_failures SET at = at - interval '7 days'")
    await commit(market, market.agent, other, 1)


def failures(market: Market, task_id: str) -> list[tuple[int, int, str]]:
    """Who did not stand by his commitment, what it weighs, and how."""
    found = "SELECT agent_id, budget, reason FROM market.reveal_failures WHERE task_id = %(id)s ORDER BY agent_id"
    rows = execute(market.database_url, found, {"id": bytes.fromhex(task_id[2:])})
    return [(agent_id, int(budget), reason) for agent_id, budget, reason in rows]


async def test_nobody_is_blamed_when_the_task_is_gone(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    await commit(market, market.agent, task_id, 1)
    await close(market, worker, task_id)
    execute(
        market.database_url,
        "DELETE FROM chain.escrows WHERE task_id = %(id)s",
        {"id": bytes.fromhex(task_id[2:])},
    )
    end_reveals(market, task_id)
    await jobs.show(worker)
    assert failures(market, task_id) == []


async def test_a_bid_above_the_budget_may_be_revealed_and_cannot_win(market: Market, worker: WorkerRuntime) -> None:
    task_id = await opened(market, worker)
    sealed = await commit(market, market.agent, task_id, 1, BUDGET + 1)
    await close(market, worker, task_id)
    assert (await reveal(sealed)).status_code == 201
    end_reveals(market, task_id)
    await jobs.sweep_once(worker)
    found = await record(market, task_id)
    assert (len(found["bids"]), found["winner"]) == (1, None)
    assert failures(market, task_id) == []


async def test_quality_comes_from_the_snapshot_that_was_frozen(market: Market, worker: WorkerRuntime) -> None:
    """The better agent wins at a higher price and is paid his lead; what changes afterwards changes nothing."""
    snapshot(market, {1: 900_000, 2: 500_000})
    task_id = await opened(market, worker, value=str(2 * BUDGET))
    snapshot(market, {1: 0, 2: 1_000_000})
    better = await commit(market, market.agent, task_id, 1, 700_000)
    await commit(market, market.rival, task_id, 2, 100_000)
    await close(market, worker, task_id)
    await reveal_all(task_id)
    end_reveals(market, task_id)
    await jobs.sweep_once(worker)
    found = await record(market, task_id)
    assert (found["winner"], found["price"]) == (better.digest, "900000")
    execute(market.database_url, "DELETE FROM market.quality_entries")


async def test_many_commitments_at_once_are_answered_one_by_one(market: Market, worker: WorkerRuntime) -> None:
    tasks = [await opened(market, worker) for _ in range(3)]
    await close(market, worker, tasks[1])
    bodies = []
    for task_id in tasks:
        bodies.append(commit_body(market, sealed_bid(market, market.agent, task_id, 1, 5)) | {"task_id": task_id})
    bodies[2]["signature"] = "0x" + "11" * 65
    unknown = bodies[0] | {"task_id": "0x" + "44" * 32}
    answer = await market.agent.post("/bid-commits", {"commits": [*bodies, unknown]})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [each["accepted"] for each in results] == [True, False, False, False]
    kinds = [each["problem"]["type"].rpartition(":")[2] for each in results[1:]]
    assert kinds == ["wrong-task-state", "bad-signature", "not-found"]
    twice = await market.agent.post("/bid-commits", {"commits": [bodies[0], bodies[0]]})
    assert problem(twice) == (422, "batch-too-large")


async def test_at_the_closing_instant_a_commitment_is_in_or_out(market: Market, worker: WorkerRuntime) -> None:
    """Bidders hammer while two closers sweep: who was told "in" is in the root, who was refused is not."""
    task_id = await opened(market, worker)
    ids = list(range(100, 130))
    for agent_id in ids:
        mirror_agent(market.database_url, agent_id, market.agent.address)
    sealed = [sealed_bid(market, market.agent, task_id, agent_id, 5) for agent_id in ids]
    bodies = [commit_body(market, each) for each in sealed]
    execute(
        market.database_url,
        "UPDATE market.auctions SET closes_at = clock_timestamp() + interval '3 s' WHERE task_id = %(id)s",
        {"id": bytes.fromhex(task_id[2:])},
    )

    async def hammer(body: dict[str, Any], pause: float) -> httpx.Response:
        await asyncio.sleep(pause)
        return await market.agent.post(f"/tasks/{task_id}/commits", body)

    async def closer() -> None:
        for _ in range(120):
            await jobs.close(worker)
            await asyncio.sleep(0.04)

    answers, *_ = await asyncio.gather(
        asyncio.gather(*(hammer(body, place * 0.15) for place, body in enumerate(bodies))), closer(), closer()
    )
    told = {body["agent_id"] for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 201}
    found = await record(market, task_id)
    assert {each["agent_id"] for each in found["commits"]} == told
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {201, 409}, statuses
    closings = execute(
        market.database_url,
        "SELECT count(*) FROM market.announcements WHERE topic = 'auction.closed' AND subject = %(subject)s",
        {"subject": f"task:{task_id}"},
    )
    assert closings == [(1,)]
    execute(market.database_url, "DELETE FROM chain.agents WHERE agent_id >= 100")
