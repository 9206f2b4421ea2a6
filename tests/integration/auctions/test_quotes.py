"""Requests for quotes: the buyer answers bids with counter-offers, which bind nobody."""

from typing import Any

import pytest

from app.chain.typed_data import ZERO_ADDRESS
from tests.integration.auctions.test_bids import bid, quotes
from tests.integration.market import BUDGET, Market, problem


async def quoted(market: Market) -> tuple[str, str, str]:
    """A task, a bid on it, and the path of its counter-offers."""
    task_id = await quotes(market)
    digest = (await bid(market.agent, task_id, 1, 600_000))["bid_digest"]
    return task_id, digest, f"/tasks/{task_id}/bids/{digest}/counter-offers"


async def test_an_agent_takes_a_counter_offer_up_by_another_bid(market: Market) -> None:
    task_id, _, path = await quoted(market)
    made = await market.buyer.post(path, {"price": "500000", "words": "by Monday?"})
    assert made.status_code == 201, made.text
    seen = (await market.agent.get(path)).json()["items"]
    assert [(each["price"], each["words"], each["declined_at"]) for each in seen] == [("500000", "by Monday?", None)]
    again = await bid(market.agent, task_id, 1, 500_000)
    params = {"bid_digest": again["bid_digest"], "price": "500000"}
    await market.buyer.carry(f"/tasks/{task_id}/award", params)


async def test_an_agent_declines_the_last_one(market: Market) -> None:
    _, _, path = await quoted(market)
    for price in ("400000", "450000"):
        await market.buyer.post(path, {"price": price})
    declined = await market.agent.post(f"{path}/decline")
    assert (declined.status_code, declined.json()["price"]) == (200, "450000")
    assert problem(await market.rival.post(f"{path}/decline")) == (403, "bid-not-yours")
    await market.agent.post(f"{path}/decline")
    assert problem(await market.agent.post(f"{path}/decline")) == (404, "not-found")


@pytest.mark.parametrize(
    ("who", "body", "expected"),
    [
        ("agent", {"price": "5"}, (403, "not-party")),
        ("buyer", {"price": "0"}, (422, "price-out-of-bounds")),
        ("buyer", {"price": str(BUDGET + 1)}, (422, "price-out-of-bounds")),
        ("buyer", {"price": "5", "words": "x" * 2_001}, (422, "request-malformed")),
    ],
)
async def test_refuses_a_counter_offer(
    market: Market, who: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    _, _, path = await quoted(market)
    assert problem(await getattr(market, who).post(path, body)) == expected


async def test_a_withdrawn_bid_is_not_answered_and_strangers_see_nothing(market: Market) -> None:
    task_id, digest, path = await quoted(market)
    assert problem(await market.rival.get(path)) == (404, "not-found")
    await market.agent.delete(f"/tasks/{task_id}/bids/{digest}")
    assert problem(await market.buyer.post(path, {"price": "5"})) == (409, "bid-not-live")


async def test_there_is_an_end_to_haggling(market: Market) -> None:
    _, _, path = await quoted(market)
    answers = [await market.buyer.post(path, {"price": "5"}) for _ in range(21)]
    assert {answer.status_code for answer in answers[:20]} == {201}
    assert problem(answers[20]) == (409, "too-many-counter-offers")


async def test_a_task_warns_of_terms_that_favour_the_buyer(market: Market) -> None:
    fair = await market.posted(await market.terms(awarder=ZERO_ADDRESS))
    odd = await market.posted(
        await market.terms(awarder=ZERO_ADDRESS, default_share_bps=2_499, review_seconds=7 * 86_400 + 1)
    )
    warned = [(await market.agent.get(f"/tasks/{task}")).json()["warnings"] for task in (fair, odd)]
    assert warned == [["arbiter_unpublished"], ["arbiter_unpublished", "default_share_extreme", "review_long"]]
