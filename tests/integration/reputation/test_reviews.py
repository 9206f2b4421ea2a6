"""Reviews of paid tasks, and what final ones say about an agent."""

import hashlib
from typing import Any

import pytest

from app.escrow.rules import State
from tests.integration.api import execute
from tests.integration.market import BUDGET, FINALIZED, Market, problem

PAID = {"remaining": 0, "paid": BUDGET // 2, "fees": 100}


@pytest.fixture(autouse=True)
def fresh(market: Market) -> None:
    execute(market.database_url, "DELETE FROM chain.feedback")
    execute(market.database_url, "DELETE FROM chain.escrows")


async def released(market: Market, **changed: Any) -> str:
    return await market.posted(await market.terms(), **market.awarded(State.RELEASED, **PAID) | changed)


def feedback(market: Market, task_id: str, stars: int, comment: str, *, block: int = FINALIZED, index: int = 1) -> None:
    """Writes a review as the indexer would."""
    execute(
        market.database_url,
        """
        INSERT INTO chain.feedback (agent_id, client, feedback_index, task_id, value, value_decimals, tag1, tag2,
            endpoint, feedback_uri, feedback_hash, revoked, block_number, last_block, tx_hash)
        VALUES (1, %(client)s, %(index)s, %(task)s, %(stars)s, 0, 'guildhall', 'text.sort', '', '', %(hash)s, false,
            %(block)s, %(block)s, decode(repeat('33', 32), 'hex'))
        """,
        {
            "client": bytes.fromhex(market.buyer.address[2:]),
            "index": index,
            "task": bytes.fromhex(task_id[2:]),
            "stars": stars,
            "hash": hashlib.sha256(comment.encode()).digest(),
            "block": block,
        },
    )


async def test_the_buyer_signs_stars_and_the_digest_of_his_words(market: Market) -> None:
    task_id = await released(market)
    prepared = await market.buyer.prepare(f"/tasks/{task_id}/reviews", {"stars": 4, "comment": "good ✓"})
    message = prepared["typed_data"]["message"]
    assert (message["value"], message["tag1"], message["tag2"]) == (4, "guildhall", "text.sort")
    assert message["feedbackHash"] == "0x" + hashlib.sha256("good ✓".encode()).hexdigest()
    answer = await market.buyer.carry(f"/tasks/{task_id}/reviews", {"stars": 4, "comment": "good ✓"})
    found = execute(
        market.database_url,
        "SELECT to_address FROM market.intents WHERE id = %(id)s",
        {"id": answer["intent"]["id"]},
    )
    assert bytes(found[0][0]) == bytes.fromhex(market.deployment.reputation[2:])


async def test_the_same_review_again_is_the_same_intent_and_said_once(market: Market) -> None:
    task_id = await released(market)
    body = await market.buyer.signed(f"/tasks/{task_id}/reviews", {"stars": 4, "comment": "good"})
    first, again = [(await market.buyer.post(f"/tasks/{task_id}/reviews", body)).json() for _ in range(2)]
    assert first["intent"]["id"] == again["intent"]["id"]
    said = execute(
        market.database_url,
        "SELECT count(*) FROM market.announcements WHERE topic = 'review.published' AND subject = %(subject)s",
        {"subject": f"task:{task_id}"},
    )
    assert said == [(1,)]


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
    market: Market, changed: dict[str, Any], expected: tuple[int, str]
) -> None:
    task_id = await released(market, **changed)
    assert problem(await market.buyer.post(f"/tasks/{task_id}/reviews/prepare", {"stars": 5})) == expected


@pytest.mark.parametrize("body", [{"stars": 0}, {"stars": 6}, {"stars": "5"}, {"stars": 5, "comment": "a\0"}])
async def test_refuses_malformed_reviews(market: Market, body: dict[str, Any]) -> None:
    task_id = await released(market)
    assert problem(await market.buyer.post(f"/tasks/{task_id}/reviews/prepare", body)) == (422, "request-malformed")


async def test_a_rated_task_is_not_rated_again(market: Market) -> None:
    task_id = await released(market)
    feedback(market, task_id, 5, "done")
    again = await market.buyer.post(f"/tasks/{task_id}/reviews/prepare", {"stars": 1})
    assert problem(again) == (409, "already-rated")


async def test_lists_reviews_with_the_words_that_the_chain_knows(market: Market) -> None:
    first, second = await released(market), await released(market)
    await market.buyer.carry(f"/tasks/{first}/reviews", {"stars": 4, "comment": "good"})
    await market.buyer.carry(f"/tasks/{second}/reviews", {"stars": 2, "comment": "bad"})
    feedback(market, first, 4, "good", index=1)
    feedback(market, second, 2, "something else", block=FINALIZED + 1, index=2)
    page = (await market.stranger.get("/agents/1/reviews", limit=1)).json()
    rest = (await market.stranger.get("/agents/1/reviews", cursor=page["next_cursor"])).json()
    shown = [(each["task_id"], each["stars"], each["comment"], each["finality"]) for each in page["items"]]
    shown += [(each["task_id"], each["stars"], each["comment"], each["finality"]) for each in rest["items"]]
    assert shown == [(second, 2, None, "pending"), (first, 4, "good", "final")]
    assert problem(await market.stranger.get("/agents/99/reviews")) == (404, "not-found")


async def test_only_what_is_final_counts(market: Market) -> None:
    first, second = await released(market), await released(market, last_block=FINALIZED + 1)
    await released(market, state=State.REFUNDED, paid=0, refund_reason=4)
    feedback(market, first, 4, "", index=1)
    feedback(market, second, 1, "", block=FINALIZED + 1, index=2)
    before = (await market.stranger.get("/agents/1/reputation")).json()
    assert before.pop("score")["jobs"] == 0
    assert before == {
        "agent_id": 1,
        "delivered": 1,
        "unpaid": 0,
        "abandoned": 1,
        "earned": str(BUDGET // 2),
        "reviews": 1,
        "mean_stars": "4.00",
    }
    execute(market.database_url, "UPDATE chain.cursors SET halted = 'a finalized block was replaced'")
    halted = (await market.stranger.get("/agents/1/reputation")).json()
    assert (halted["delivered"], halted["reviews"], halted["mean_stars"]) == (0, 0, None)
    execute(market.database_url, "UPDATE chain.cursors SET halted = NULL")
    market.clock(finalized=FINALIZED + 1)
    after = (await market.stranger.get("/agents/1/reputation")).json()
    assert (after["delivered"], after["reviews"], after["mean_stars"]) == (2, 2, "2.50")
    empty = (await market.stranger.get("/agents/2/reputation")).json()
    assert (empty["reviews"], empty["mean_stars"]) == (0, None)
