"""What is published of reviews is read, answered, and added up to what it says of a party."""

from typing import Any

import pytest

from app.escrow.rules import Refund, State
from tests.integration.api import execute
from tests.integration.market import BUDGET, FINALIZED, Market, problem
from tests.integration.reputation.reviewing import (
    STARS,
    WORDS,
    announced,
    feedback,
    released,
    says,
    shown,
    sides,
)

pytestmark = pytest.mark.usefixtures("fresh")


async def test_lists_reviews_with_the_words_that_the_chain_knows(market: Market) -> None:
    tasks = [await released(market) for _ in range(3)]
    for task_id, stars in zip(tasks, (4, 2, 5), strict=True):
        await says(market, task_id, "buyer", stars=stars, comment=f"{stars} stars")
        await says(market, task_id, "agent", stars=stars - 1)
    first, second, third = tasks
    feedback(market, first, 4, "4 stars", index=1)
    feedback(market, second, 1, "something else", block=FINALIZED + 1, index=2)

    async def both_pages(path: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        page = (await market.stranger.get(path, limit=2)).json()
        rest = (await market.stranger.get(path, cursor=page["next_cursor"])).json()
        assert (rest["next_cursor"], rest["tally"]) == (None, page["tally"])
        return page["items"] + rest["items"], page["tally"]

    items, tally = await both_pages("/agents/1/reviews")
    assert [(each["task_id"], each["stars"], each["comment"], each["finality"]) for each in items] == [
        (third, 5, "5 stars", "pending"),
        (second, 1, None, "pending"),
        (first, 4, "4 stars", "final"),
    ]
    assert {each["capability"] for each in items} == {"text.sort"}
    assert tally == {"reviews": 3, "by_stars": {"1": 1, "2": 0, "3": 0, "4": 1, "5": 1}, "mean_hundredths": 333}
    of_buyer, given = await both_pages(f"/buyers/{market.buyer.address}/reviews")
    assert [(each["task_id"], each["stars"], each["finality"]) for each in of_buyer] == [
        (third, 4, None),
        (second, 1, None),
        (first, 3, None),
    ]
    assert (given["reviews"], given["mean_hundredths"]) == (3, 267)
    profile = (await market.stranger.get("/agents/1")).json()
    listed = (await market.stranger.get("/agents")).json()["items"]
    assert (profile["reviews"], profile["mean_hundredths"]) == (3, 333)
    assert [(each["reviews"], each["mean_hundredths"]) for each in listed] == [(3, 333), (0, None)]
    assert problem(await market.stranger.get("/agents/99/reviews")) == (404, "not-found")


async def test_a_revoked_rating_is_gone_and_counts_no_more(market: Market) -> None:
    task_id = await released(market)
    await says(market, task_id, "buyer")
    await says(market, task_id, "agent")
    feedback(market, task_id, STARS["buyer"], WORDS["buyer"])
    execute(market.database_url, "UPDATE chain.feedback SET revoked = true")
    assert set(await shown(market, task_id)) == {"agent"}
    answer = (await market.stranger.get("/agents/1/reviews")).json()
    assert (answer["items"], answer["tally"]["reviews"], answer["tally"]["mean_hundredths"]) == ([], 0, None)
    assert (await market.stranger.get("/agents/1")).json()["reviews"] == 0


@pytest.mark.parametrize(("side", "other"), [("buyer", "agent"), ("agent", "buyer")])
async def test_who_was_reviewed_answers_once(market: Market, side: str, other: str) -> None:
    task_id = await released(market)
    path = f"/tasks/{task_id}/reviews/{side}/replies"
    await says(market, task_id, side)
    replier, author = sides(market)[other], sides(market)[side]
    early = await replier.post(f"{path}/prepare", {"reply": "thanks"})
    assert problem(early) == (404, "not-found")
    await says(market, task_id, other)
    assert problem(await author.post(f"{path}/prepare", {"reply": "thanks"})) == (403, "not-party")
    assert problem(await market.stranger.post(f"{path}/prepare", {"reply": "thanks"})) == (403, "not-party")
    body = await replier.signed(path, {"reply": "thanks"})
    assert problem(await replier.post(path, body | {"reply": "no thanks"})) == (422, "bad-signature")
    for _ in range(2):
        answer = await replier.post(path, body)
        assert (answer.status_code, answer.json()["reply"]) == (201, "thanks")
    assert problem(await replier.post(f"{path}/prepare", {"reply": "and more"})) == (409, "already-replied")
    assert problem(await replier.post(f"{path}/prepare", {"reply": "x" * 2001})) == (422, "request-malformed")
    items = (await market.stranger.get(f"/tasks/{task_id}/reviews")).json()["items"]
    replies = {each["side"]: each["reply"] for each in items}
    assert replies[other] is None
    assert (replies[side]["reply"], replies[side]["author"]) == ("thanks", replier.address)
    assert [each["side"] for each in announced(market, task_id, "review.answered")] == [side]


async def test_a_buyers_record_tells_how_often_he_parted(market: Market) -> None:
    await released(market)
    gone: dict[str, Any] = {"state": State.REFUNDED, "paid": 0}
    await released(market, **gone, refund_reason=Refund.CANCELLED_TOGETHER)
    await released(market, **gone, refund_reason=Refund.VETOED)
    await released(market, last_block=FINALIZED + 1)
    found = (await market.stranger.get(f"/buyers/{market.buyer.address}/reputation")).json()
    assert (found["ended"], found["paid"], found["parted"], found["parted_bps"]) == (3, 1, 1, 3_333)
    assert (found["spent"], found["tally"]["reviews"]) == (str(BUDGET // 2), 0)
    agent = (await market.stranger.get("/agents/1/reputation")).json()
    assert (agent["parted"], agent["parted_bps"], agent["abandoned"]) == (1, 3_333, 0)
    nobody = (await market.stranger.get(f"/buyers/{market.stranger.address}/reputation")).json()
    assert (nobody["ended"], nobody["parted_bps"], nobody["tally"]["mean_hundredths"]) == (0, 0, None)


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
        "parted": 0,
        "parted_bps": 0,
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
