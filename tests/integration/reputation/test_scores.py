"""Scores over the mirror: what counts, when, and what is shown of it."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from app.boundary import WorkerRuntime, in_database
from app.chain.typed_data import ZERO_ADDRESS
from app.escrow.rules import Refund, State
from app.reputation import jobs
from app.reputation.__main__ import compared
from app.reputation.scoring.formula import FORMULAS
from devnet.keys import participant_key
from tests.integration.api import execute, running_api, working
from tests.integration.market import BLOCK, BUDGET, CHAIN_TIME, FINALIZED, Market, open_market, problem
from tests.integration.reputation.reviewing import feedback

DRAWN = "/operations/audits/drawn"
REPORT = "0x" + "5a" * 32
TABLES = (
    "chain.feedback",
    "chain.escrows",
    "market.audits",
    "market.judged_jobs",
    "market.judged_agents",
    "market.quality_entries",
    "market.quality_snapshots",
)


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    for table in TABLES:
        execute(market.database_url, f"DELETE FROM {table}")
    execute(market.database_url, "DELETE FROM market.reaction_cursors WHERE name LIKE 'reputation.%'")
    async with working(market.settings) as runtime:
        yield runtime


@pytest.fixture
async def operated(market: Market) -> AsyncIterator[Market]:
    """The same market, whose stranger is an operator."""
    named = market.settings.model_copy(update={"operators": (participant_key(3).address,)})
    async with running_api(named) as client:
        yield await open_market(client, named, market.database_url)


async def ended(market: Market, **changed: Any) -> str:
    """A task of agent 1 that was released within the last final block."""
    terms = await market.terms(awarder=ZERO_ADDRESS)
    task_id = await market.post(terms)
    usual = market.awarded(State.RELEASED, paid=BUDGET, price=BUDGET, remaining=0, refunded=0)
    market.mirror(terms, **usual | {"last_timestamp": CHAIN_TIME - 86_400, "last_block": FINALIZED} | changed)
    return task_id


async def rated(market: Market, stars: int, index: int, *, block: int = FINALIZED, **changed: Any) -> str:
    task_id = await ended(market, **changed)
    feedback(market, task_id, stars, "", block=block, index=index)
    return task_id


async def score(market: Market, agent: int = 1) -> dict[str, Any]:
    answer = await market.stranger.get(f"/agents/{agent}/reputation")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["score"])


async def test_before_any_evidence_a_score_is_a_newcomers(market: Market, worker: WorkerRuntime) -> None:
    assert await jobs.judge_once(worker)
    found = await score(market)
    assert (found["score"], found["jobs"], found["formula"], found["until"]) == (100_000, 0, "guildhall-3", None)
    assert execute(market.database_url, "SELECT count(*) FROM market.quality_snapshots") == [(0,)]


async def test_good_reviews_lift_and_bad_ones_lower(market: Market, worker: WorkerRuntime) -> None:
    for number in range(1, 4):
        await rated(market, 5, number)
    assert await jobs.judge_once(worker)
    first = await score(market)
    assert first["jobs"] == 3
    assert first["score"] > 100_000
    await rated(market, 1, 4, last_timestamp=CHAIN_TIME - 3_600)
    execute(market.database_url, "UPDATE market.reaction_cursors SET position = 0 WHERE name = 'reputation.final'")
    assert await jobs.judge_once(worker)
    second = await score(market)
    assert second["jobs"] == 4
    assert second["score"] < first["score"]
    assert (await score(market, 2))["jobs"] == 0


async def test_nothing_new_makes_nothing_new(market: Market, worker: WorkerRuntime) -> None:
    await rated(market, 5, 1)
    assert await jobs.judge_once(worker)
    assert not await jobs.judge_once(worker)
    market.clock(CHAIN_TIME + 86_400)
    assert await jobs.judge_once(worker)


async def test_a_new_formula_counts_at_once(market: Market, worker: WorkerRuntime) -> None:
    await rated(market, 5, 1)
    assert await jobs.judge_once(worker)
    execute(market.database_url, "UPDATE market.judged_agents SET formula = 'guildhall-2', score = score + 1")
    before = await score(market)
    assert await jobs.judge_once(worker)
    after = await score(market)
    assert (after["formula"], after["score"]) == ("guildhall-3", before["score"] - 1)
    assert not await jobs.judge_once(worker)


async def test_what_is_not_final_does_not_count(market: Market, worker: WorkerRuntime) -> None:
    await rated(market, 5, 1, block=BLOCK)
    await rated(market, 5, 2, last_block=BLOCK)
    await jobs.judge_once(worker)
    assert (await score(market))["jobs"] == 0
    market.clock(finalized=BLOCK)
    assert await jobs.judge_once(worker)
    assert (await score(market))["jobs"] == 2


async def test_failures_that_the_chain_saw_count_without_a_review(market: Market, worker: WorkerRuntime) -> None:
    gone: dict[str, Any] = {"state": State.REFUNDED, "paid": 0, "refunded": BUDGET}
    await ended(market, **gone, refund_reason=Refund.CANCELLED_BY_AGENT)
    await ended(market, **gone, refund_reason=Refund.CANCELLED_TOGETHER)
    await jobs.judge_once(worker)
    found = await score(market)
    assert found["jobs"] == 1
    assert found["score"] == 100_000, "nobody is better off under a new name"


async def test_work_between_wallets_of_one_account_earns_nothing(market: Market, worker: WorkerRuntime) -> None:
    await rated(market, 5, 1)
    linked = "UPDATE market.wallets SET account = %(account)s WHERE address = %(wallet)s"
    buyer, agent = bytes.fromhex(market.buyer.address[2:]), bytes.fromhex(market.agent.address[2:])
    execute(market.database_url, linked, {"account": agent, "wallet": buyer})
    try:
        await jobs.judge_once(worker)
        assert (await score(market))["jobs"] == 0
    finally:
        execute(market.database_url, linked, {"account": buyer, "wallet": buyer})


async def test_the_newest_qualities_are_the_scores(market: Market, worker: WorkerRuntime) -> None:
    await rated(market, 5, 1)
    await jobs.judge_once(worker)
    rows = execute(
        market.database_url,
        "SELECT formula, prior, agent_id, quality, encode(digest, 'hex') FROM market.quality_snapshots"
        " JOIN market.quality_entries ON snapshot = digest",
    )
    assert [row[:3] for row in rows] == [("guildhall-3", 100_000, 1)]
    assert rows[0][3] == (await score(market))["score"]
    document = (await market.stranger.get(f"/qualities/0x{rows[0][4]}")).json()
    assert document == {"formula": "guildhall-3", "prior": 100_000, "qualities": {"1": rows[0][3]}}


async def test_an_explanation_tells_what_each_job_did(market: Market, worker: WorkerRuntime) -> None:
    good = await rated(market, 5, 1)
    bad = await rated(market, 1, 2, last_timestamp=CHAIN_TIME - 3_600)
    await jobs.judge_once(worker)
    answer = (await market.stranger.get("/agents/1/reputation/explanation")).json()
    effects = {each["task_id"]: each for each in answer["effects"]}
    assert set(effects) == {good, bad}
    assert effects[good]["effect"] > 0 > effects[bad]["effect"]
    assert (effects[good]["rating"], effects[good]["audit"]) == ("good", None)
    assert effects[good]["weight"] == round(BUDGET / 3_000_000 * 16) * 62_500
    assert sum(answer["standing"].values()) == pytest.approx(1_000_000, abs=4)
    nobody = (await market.stranger.get("/agents/2/reputation/explanation")).json()
    assert (nobody["effects"], nobody["standing"]) == ([], {})
    assert problem(await market.stranger.get("/agents/99/reputation/explanation")) == (404, "not-found")


async def audit(market: Market, task_id: str, *, passed: bool, report: str = REPORT) -> Any:
    body = {"passed": passed, "method": "re-execution", "report": report}
    wallet = market.stranger.wallet
    return await wallet.client.put(f"/v1/operations/audits/{task_id}", json=body, headers=market.stranger.headers)


async def test_an_audit_counts_and_is_announced(operated: Market, worker: WorkerRuntime) -> None:
    task_id = await rated(operated, 5, 1)
    await jobs.judge_once(worker)
    praised = (await score(operated))["score"]
    assert (await audit(operated, task_id, passed=False)).status_code == 204
    said = "SELECT payload ->> 'passed' FROM market.announcements WHERE topic = 'audit.recorded' AND subject = %(task)s"
    assert execute(operated.database_url, said, {"task": f"task:{task_id}"}) == [("false",)]
    assert await jobs.judge_once(worker)
    assert (await score(operated))["score"] < praised
    effects = (await operated.stranger.get("/agents/1/reputation/explanation")).json()["effects"]
    assert [each["audit"] for each in effects] == ["failed"]


async def test_an_audit_is_recorded_once(operated: Market, worker: WorkerRuntime) -> None:
    task_id = await rated(operated, 5, 1)
    for _ in range(2):
        assert (await audit(operated, task_id, passed=True)).status_code == 204
    assert problem(await audit(operated, task_id, passed=False)) == (409, "already-audited")
    assert problem(await audit(operated, task_id, passed=True, report="0x" + "11" * 32)) == (409, "already-audited")
    said = "SELECT count(*) FROM market.announcements WHERE topic = 'audit.recorded' AND subject = %(task)s"
    assert execute(operated.database_url, said, {"task": f"task:{task_id}"}) == [(1,)]


async def test_only_final_ended_work_is_audited_and_by_operators(operated: Market, worker: WorkerRuntime) -> None:
    assert problem(await audit(operated, "0x" + "77" * 32, passed=True)) == (404, "not-found")
    fresh = await rated(operated, 5, 1, last_block=BLOCK)
    assert problem(await audit(operated, fresh, passed=True)) == (409, "not-final-yet")
    running = await ended(operated, state=State.SUBMITTED, paid=0, remaining=BUDGET)
    assert problem(await audit(operated, running, passed=True)) == (409, "task-not-finished")
    body = {"passed": True, "method": "re-execution", "report": REPORT}
    buyer = operated.buyer
    refused = await buyer.wallet.client.put(f"/v1/operations/audits/{fresh}", json=body, headers=buyer.headers)
    assert problem(refused) == (403, "role-missing")


async def test_the_lot_falls_on_a_share_of_finished_work(market: Market, worker: WorkerRuntime) -> None:
    key, operators = "unlike any other key, and long enough", (market.stranger.wallet.address,)
    told: dict[str, Any] = {"operators": operators, "audit_key": SecretStr(key), "audit_share": 400_000}
    work = await market.agent.upload(b"what came")
    delivered = [await ended(market, deliverable=work, last_timestamp=CHAIN_TIME - number) for number in range(12)]
    await ended(market, state=State.REFUNDED, paid=0, refunded=BUDGET, refund_reason=Refund.RECLAIMED)
    fresh = await ended(market, deliverable=REPORT, last_block=BLOCK)
    await ended(market, deliverable=REPORT, state=State.SUBMITTED, paid=0, remaining=BUDGET)
    most = 2**256 * 4 // 10
    ours = [task for task in reversed(delivered) if number_of(key, task) <= most]
    assert 0 < len(ours) < 12
    async with running_api(market.settings.model_copy(update=told)) as client:
        operated = await open_market(client, market.settings.model_copy(update=told), market.database_url)
        assert await drawn(operated) == ours
        assert not await operated.stranger.reads(work)
        assert (await taken_on(operated, ours[0])).status_code == 204
        assert (await taken_on(operated, ours[0])).status_code == 204
        assert await operated.stranger.reads(work)
        content = (await operated.stranger.get(DRAWN)).json()["items"][0]["content"]
        assert await operated.stranger.reads(content)
        other = next(task for task in delivered if task not in ours)
        assert problem(await taken_on(operated, other)) == (403, "audit-not-drawn")
        assert problem(await taken_on(operated, fresh)) == (409, "not-final-yet")
        assert problem(await taken_on(operated, "0x" + "77" * 32)) == (404, "not-found")
        assert (await audit(operated, ours[0], passed=True)).status_code == 204
        assert await drawn(operated) == ours[1:]
        assert problem(await operated.buyer.get(DRAWN)) == (403, "role-missing")
    none, every = ({**told, "audit_share": share} for share in (0, 1_000_000))
    for changed, expected in ((none, 0), (every, 11)):
        async with running_api(market.settings.model_copy(update=changed)) as client:
            operated = await open_market(client, market.settings.model_copy(update=changed), market.database_url)
            assert len(await drawn(operated)) == expected


async def test_what_its_party_did_not_store_is_not_opened(market: Market, worker: WorkerRuntime) -> None:
    """Whoever knows a digest could name it as his work, and have an operator read what another stored."""
    told: dict[str, Any] = {"operators": (market.stranger.wallet.address,), "audit_key": SecretStr("k" * 32)}
    named = market.settings.model_copy(update=told | {"audit_share": 1_000_000})
    others = await market.buyer.upload(b"the buyer's own")
    task_id = await ended(market, deliverable=others)
    async with running_api(named) as client:
        operated = await open_market(client, named, market.database_url)
        assert problem(await taken_on(operated, task_id)) == (404, "not-found")
        assert not await operated.stranger.reads(others)


async def test_without_a_key_no_audits_are_drawn(operated: Market) -> None:
    assert problem(await operated.stranger.get(DRAWN)) == (409, "audits-not-drawn")


def number_of(key: str, task_id: str) -> int:
    """As anybody reckons it who is told the key."""
    return int.from_bytes(hashlib.sha256(key.encode() + bytes.fromhex(task_id[2:])).digest())


async def taken_on(market: Market, task_id: str) -> Any:
    wallet = market.stranger.wallet
    return await wallet.client.put(f"/v1/operations/audits/{task_id}/reader", headers=market.stranger.headers)


async def drawn(market: Market) -> list[str]:
    """Page by page, as an operator reads them."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await market.stranger.get(DRAWN, limit="3", **cursor)).json()
        found += [each["task_id"] for each in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def test_stored_scores_are_made_again_and_held_to(
    market: Market, worker: WorkerRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    await rated(market, 5, 1)
    await jobs.judge_once(worker)
    assert await in_database(market.database_url, lambda session: compared(session, None)) == 0
    execute(market.database_url, "UPDATE market.judged_agents SET score = score + 3")
    assert await in_database(market.database_url, lambda session: compared(session, None)) == 1
    assert "1 differ" in capsys.readouterr().out
    assert await in_database(market.database_url, lambda session: compared(session, FORMULAS["guildhall-1"])) == 0
