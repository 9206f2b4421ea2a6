"""Reviews of paid tasks by both parties: sealed, and shown together."""

import asyncio
import hashlib
import signal
from pathlib import Path
from typing import Any

import pytest

from app.boundary import WorkerRuntime
from app.escrow.rules import State
from app.reputation.reviews.jobs import sweep_once
from tests.integration.api import environment_of, execute, exit_code_of
from tests.integration.market import CHAIN_TIME, FINALIZED, Market, packed, problem
from tests.integration.reputation.reviewing import (
    STARS,
    WORDS,
    announced,
    feedback,
    intents_of,
    let_end,
    released,
    says,
    sealed_count,
    shown,
    sides,
)

pytestmark = pytest.mark.usefixtures("fresh")
SWEEP = "from app.reputation.reviews.jobs import sweep; sweep()"
CRASH_POINT = "worker.reviews_published_before_commit"


async def test_the_buyer_signs_stars_and_the_digest_of_his_words(market: Market) -> None:
    task_id = await released(market)
    prepared = await market.buyer.prepare(f"/tasks/{task_id}/reviews", {"stars": 4, "comment": "good ✓"})
    message = prepared["typed_data"]["message"]
    assert (message["value"], message["tag1"], message["tag2"]) == (4, "guildhall", "text.sort")
    assert message["feedbackHash"] == "0x" + hashlib.sha256("good ✓".encode()).hexdigest()
    assert message["taskId"] == task_id


async def test_the_agent_signs_the_same_facts_of_the_buyer(market: Market) -> None:
    task_id = await released(market)
    prepared = await market.agent.prepare(f"/tasks/{task_id}/reviews", {"stars": 2, "comment": "late ✓"})
    assert prepared["typed_data"]["primaryType"] == "BuyerReview"
    assert prepared["typed_data"]["message"] == {
        "taskId": task_id,
        "agentId": 1,
        "buyer": market.buyer.address,
        "stars": 2,
        "commentHash": "0x" + hashlib.sha256("late ✓".encode()).hexdigest(),
    }
    assert prepared["deadline"] is None


@pytest.mark.parametrize("order", [("buyer", "agent"), ("agent", "buyer")])
async def test_the_second_review_shows_both_and_carries_the_buyers(market: Market, order: tuple[str, str]) -> None:
    task_id = await released(market)
    first = await says(market, task_id, order[0])
    assert (first["state"], first["intent"]) == ("sealed", None)
    assert (await shown(market, task_id), announced(market, task_id), intents_of(market, task_id)) == ({}, [], [])
    second = await says(market, task_id, order[1])
    assert second["state"] == "published"
    assert await shown(market, task_id) == {side: (STARS[side], WORDS[side]) for side in STARS}
    said = announced(market, task_id)
    assert [(each["side"], each["stars"]) for each in sorted(said, key=lambda each: str(each["side"]))] == [
        ("agent", 2),
        ("buyer", 4),
    ]
    assert all(len(each["signature"]) == 132 for each in said)
    key = (f"review:{task_id}", packed(market.deployment.reputation), "queued")
    assert [(row[0], bytes(row[1]), row[2]) for row in intents_of(market, task_id)] == [key]
    assert sealed_count(market, task_id) == 0


@pytest.mark.parametrize("side", ["buyer", "agent"])
async def test_one_alone_is_shown_when_the_window_ends(market: Market, worker: WorkerRuntime, side: str) -> None:
    task_id = await released(market)
    await says(market, task_id, side)
    assert await sweep_once(worker) == 0
    let_end(market, task_id)
    assert await shown(market, task_id) == {}
    assert await sweep_once(worker) == 1
    assert await shown(market, task_id) == {side: (STARS[side], WORDS[side])}
    assert len(intents_of(market, task_id)) == (1 if side == "buyer" else 0)


async def test_publishing_twice_shows_once_and_carries_once(market: Market, worker: WorkerRuntime) -> None:
    task_id = await released(market)
    await says(market, task_id, "buyer")
    let_end(market, task_id)
    rounds = await asyncio.gather(*(sweep_once(worker) for _ in range(3)))
    assert sum(rounds) == 1
    assert await sweep_once(worker) == 0
    assert (len(announced(market, task_id)), len(intents_of(market, task_id))) == (1, 1)


async def test_a_publication_that_dies_before_its_commit_is_made_by_the_next(
    market: Market, tmp_path: Path, run_env: dict[str, str]
) -> None:
    task_id = await released(market)
    await says(market, task_id, "buyer")
    let_end(market, task_id)
    env = run_env | environment_of(market.settings) | {"FAULT_DIR": str(tmp_path)}
    assert await exit_code_of(SWEEP, env | {"FAULT_AT": CRASH_POINT}) == -signal.SIGKILL
    assert (tmp_path / CRASH_POINT).exists()
    assert (await shown(market, task_id), announced(market, task_id), intents_of(market, task_id)) == ({}, [], [])
    assert sealed_count(market, task_id) == 1
    for _ in range(2):
        assert await exit_code_of(SWEEP, env) == 0
        assert (len(announced(market, task_id)), len(intents_of(market, task_id))) == (1, 1)
    assert await shown(market, task_id) == {"buyer": (STARS["buyer"], WORDS["buyer"])}


async def test_the_author_replaces_what_is_sealed_and_nothing_afterwards(market: Market) -> None:
    task_id = await released(market)
    await says(market, task_id, "buyer", stars=1, comment="hasty")
    await says(market, task_id, "buyer")
    assert sealed_count(market, task_id) == 1
    await says(market, task_id, "agent")
    assert (await shown(market, task_id))["buyer"] == (STARS["buyer"], WORDS["buyer"])
    for person in (market.buyer, market.agent):
        late = await person.post(f"/tasks/{task_id}/reviews/prepare", {"stars": 1})
        assert problem(late) == (409, "reviews-closed")


async def test_who_comes_after_the_window_is_refused_also_before_the_sweep(
    market: Market, worker: WorkerRuntime
) -> None:
    task_id = await released(market)
    await says(market, task_id, "buyer")
    body = await market.agent.signed(f"/tasks/{task_id}/reviews", {"stars": 1})
    let_end(market, task_id)
    for _ in range(2):
        assert problem(await market.agent.post(f"/tasks/{task_id}/reviews", body)) == (409, "reviews-closed")
        await sweep_once(worker)
    assert set(await shown(market, task_id)) == {"buyer"}


async def test_the_same_review_again_is_said_once(market: Market) -> None:
    task_id = await released(market)
    body = await market.buyer.signed(f"/tasks/{task_id}/reviews", {"stars": 4, "comment": "good"})
    for _ in range(2):
        assert (await market.buyer.post(f"/tasks/{task_id}/reviews", body)).json()["state"] == "sealed"
    await says(market, task_id, "agent")
    again = [(await market.buyer.post(f"/tasks/{task_id}/reviews", body)).json() for _ in range(2)]
    assert [each["state"] for each in again] == ["published"] * 2
    assert again[0]["intent"]["id"] == again[1]["intent"]["id"]
    assert (len(announced(market, task_id)), len(intents_of(market, task_id))) == (2, 1)


async def test_a_rating_that_nobody_carried_is_signed_anew_with_the_same_words(market: Market) -> None:
    task_id = await released(market)
    await says(market, task_id, "buyer")
    await says(market, task_id, "agent")
    market.fail_intents("review", "IntentExpired")
    other = await market.buyer.post(f"/tasks/{task_id}/reviews/prepare", {"stars": 1, "comment": WORDS["buyer"]})
    assert problem(other) == (409, "reviews-closed")
    again = await says(market, task_id, "buyer")
    assert (again["state"], again["intent"]["state"]) == ("published", "queued")
    assert [row[2] for row in intents_of(market, task_id)] == ["failed", "queued"]
    assert len(announced(market, task_id)) == 2


async def test_refuses_what_somebody_else_signed_or_of_other_stars(market: Market) -> None:
    task_id = await released(market)
    for person, other in ((market.buyer, market.agent), (market.agent, market.buyer)):
        body = await person.signed(f"/tasks/{task_id}/reviews", {"stars": 4, "comment": "good"})
        path = f"/tasks/{task_id}/reviews"
        assert problem(await person.post(path, body | {"stars": 5})) == (422, "bad-signature")
        assert problem(await person.post(path, body | {"comment": "bad"})) == (422, "bad-signature")
        stolen = (await other.signed(path, {"stars": 4, "comment": "good"}))["signature"]
        assert problem(await person.post(path, body | {"signature": stolen})) == (422, "bad-signature")
    assert sealed_count(market, task_id) == 0


@pytest.mark.parametrize("side", ["buyer", "agent"])
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"state": State.SUBMITTED, "paid": 0}, (409, "task-not-finished")),
        ({"state": State.REFUNDED, "paid": 0}, (409, "task-not-finished")),
        ({"state": State.SETTLED, "paid": 0}, (409, "task-not-finished")),
        ({"last_block": FINALIZED + 1}, (409, "not-final-yet")),
    ],
)
async def test_refuses_a_task_that_is_not_paid_for_good(
    market: Market, changed: dict[str, Any], expected: tuple[int, str], side: str
) -> None:
    task_id = await released(market, **changed)
    assert problem(await sides(market)[side].post(f"/tasks/{task_id}/reviews/prepare", {"stars": 5})) == expected


@pytest.mark.parametrize(
    "body", [{"stars": 0}, {"stars": 6}, {"stars": "5"}, {"stars": 5, "comment": "a\0"}, {"comment": "x" * 4001}]
)
async def test_refuses_malformed_reviews(market: Market, body: dict[str, Any]) -> None:
    task_id = await released(market)
    answer = await market.buyer.post(f"/tasks/{task_id}/reviews/prepare", {"stars": 5} | body)
    assert problem(answer) == (422, "request-malformed")


async def test_refuses_a_deadline_before_the_windows_end(market: Market) -> None:
    task_id = await released(market)
    body = {"stars": 5, "deadline": CHAIN_TIME + 14 * 86_400}
    answer = await market.buyer.post(f"/tasks/{task_id}/reviews/prepare", body)
    assert problem(answer) == (422, "review-deadline-too-soon")


async def test_refuses_wallets_of_one_account_and_shows_nothing_of_those_that_became_it(
    market: Market, worker: WorkerRuntime
) -> None:
    sealed, fresh_one = await released(market), await released(market)
    await says(market, sealed, "buyer")
    linked = "UPDATE market.wallets SET account = %(account)s WHERE address = %(wallet)s"
    buyer, agent = packed(market.buyer.address), packed(market.agent.address)
    execute(market.database_url, linked, {"account": buyer, "wallet": agent})
    try:
        answer = await market.buyer.post(f"/tasks/{fresh_one}/reviews/prepare", {"stars": 5})
        assert problem(answer) == (403, "reviews-are-linked")
        let_end(market, sealed)
        assert await sweep_once(worker) == 1
        assert (await shown(market, sealed), sealed_count(market, sealed), announced(market, sealed)) == ({}, 0, [])
        assert intents_of(market, sealed) == []
    finally:
        execute(market.database_url, linked, {"account": agent, "wallet": agent})


async def test_the_sweep_opens_windows_of_tasks_that_ended_for_good(market: Market, worker: WorkerRuntime) -> None:
    ended, pending = await released(market), await released(market, last_block=FINALIZED + 1)
    refunded = await released(market, state=State.REFUNDED, paid=0)
    await sweep_once(worker)

    async def window(task_id: str) -> Any:
        return (await market.buyer.get(f"/tasks/{task_id}/reviews")).json()["window"]

    assert (await window(ended))["closed_at"] is None
    assert (await window(pending), await window(refunded)) == (None, None)
    market.clock(finalized=FINALIZED + 1)
    await sweep_once(worker)
    assert (await window(pending)) is not None


async def test_a_window_without_a_word_closes_silently(market: Market, worker: WorkerRuntime) -> None:
    task_id = await released(market)
    await sweep_once(worker)
    let_end(market, task_id)
    assert await sweep_once(worker) == 1
    assert (await shown(market, task_id), announced(market, task_id)) == ({}, [])


async def test_a_rating_past_this_service_is_the_buyers_word(market: Market, worker: WorkerRuntime) -> None:
    task_id = await released(market)
    await says(market, task_id, "agent")
    feedback(market, task_id, 5, "at the registry")
    again = await market.buyer.post(f"/tasks/{task_id}/reviews/prepare", {"stars": 1})
    assert problem(again) == (409, "already-rated")
    assert await sweep_once(worker) == 1
    assert await shown(market, task_id) == {"buyer": (5, None), "agent": (STARS["agent"], WORDS["agent"])}
    assert intents_of(market, task_id) == []


async def test_what_the_buyer_says_at_the_registry_outdoes_what_he_sealed(
    market: Market, worker: WorkerRuntime
) -> None:
    task_id = await released(market)
    await says(market, task_id, "buyer")
    feedback(market, task_id, 1, "at the registry", block=FINALIZED + 1)
    await says(market, task_id, "agent")
    assert await shown(market, task_id) == {"agent": (STARS["agent"], WORDS["agent"])}
    market.clock(finalized=FINALIZED + 1)
    await sweep_once(worker)
    assert (await shown(market, task_id))["buyer"] == (1, None)
    assert intents_of(market, task_id) == []
