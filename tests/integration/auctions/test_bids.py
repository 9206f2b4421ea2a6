"""Bids in the open: signed, one live one an agent, the buyer's to compare where he awards himself."""

import json
from typing import Any

import pytest

from app.auctions.schemas import BidField
from app.chain import typed_data
from app.chain.typed_data import ZERO_ADDRESS, Bid
from app.database import TaskId
from tests.integration.api import execute
from tests.integration.market import BUDGET, CHAIN_TIME, Market, Person, problem


def asked(person: Person, agent_id: int, price: int = 500_000, **changed: Any) -> dict[str, Any]:
    usual = {
        "agent_id": agent_id,
        "payee": person.address,
        "min_price": str(price),
        "min_work_seconds": 10,
        "valid_until": CHAIN_TIME + 1500,
    }
    return usual | changed


async def signed_bid(person: Person, task_id: str, body: dict[str, Any]) -> dict[str, Any]:
    prepared = await person.prepare(f"/tasks/{task_id}/bids", body)
    return {"bid": prepared["bid"], "signature": person.wallet.sign_typed(prepared["typed_data"])}


async def bid(person: Person, task_id: str, agent_id: int, price: int = 500_000, **changed: Any) -> dict[str, Any]:
    body = await signed_bid(person, task_id, asked(person, agent_id, price, **changed))
    answer = await person.post(f"/tasks/{task_id}/bids", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def prices(person: Person, task_id: str) -> list[str]:
    items = (await person.get(f"/tasks/{task_id}/bids")).json()["items"]
    return [item["bid"]["minPrice"] for item in items]


def close(market: Market, task_id: str) -> None:
    execute(
        market.database_url,
        "UPDATE market.auctions SET opened_at = now(), closes_at = now(), closed_at = clock_timestamp() "
        "WHERE task_id = %(id)s",
        {"id": bytes.fromhex(task_id[2:])},
    )


OPEN = {"kind": "open_descending", "duration_seconds": 300, "extension_seconds": 0, "decrement_bps": 0}


async def quotes(market: Market) -> TaskId:
    """A funded task whose buyer chooses among bids himself."""
    return await market.posted(await market.terms(awarder=ZERO_ADDRESS))


async def test_quotes_are_the_buyers_to_compare(market: Market) -> None:
    task_id = await quotes(market)
    placed = await bid(market.agent, task_id, 1, 400_000)
    await bid(market.rival, task_id, 2, 300_000)
    message = placed["bid"]
    as_signed = Bid(
        task_id=task_id,
        agent_id=1,
        agent=market.agent.address,
        payee=market.agent.address,
        min_price=400_000,
        min_work_seconds=10,
        valid_until=CHAIN_TIME + 1500,
        salt=message["salt"],
    )
    assert placed["bid_digest"] == typed_data.bid_digest(as_signed, market.deployment)
    assert await prices(market.agent, task_id) == ["400000"]
    assert await prices(market.buyer, task_id) == ["300000", "400000"]
    assert await prices(market.stranger, task_id) == []
    assert problem(await market.buyer.get(f"/tasks/{task_id}/auction")) == (404, "not-found")


async def test_the_announcement_of_a_bid_names_no_price(market: Market) -> None:
    task_id = await quotes(market)
    placed = await bid(market.agent, task_id, 1)
    said = execute(
        market.database_url,
        "SELECT payload FROM market.announcements WHERE topic = 'bid.placed' AND subject = %(subject)s",
        {"subject": f"task:{task_id}"},
    )
    assert said == [({"bid_digest": placed["bid_digest"], "agent_id": 1},)]


async def test_bids_may_come_while_the_money_does(market: Market) -> None:
    task_id = await market.post(await market.terms(), auction=OPEN)
    hidden = await market.agent.post(f"/tasks/{task_id}/bids/prepare", asked(market.agent, 1))
    assert problem(hidden) == (404, "not-found")
    await market.buyer.carry(f"/tasks/{task_id}/fund", {"method": "authorization"})
    await bid(market.agent, task_id, 1)


async def test_a_second_bid_replaces_the_first(market: Market) -> None:
    task_id = await quotes(market)
    await bid(market.agent, task_id, 1, 400_000)
    await bid(market.agent, task_id, 1, 600_000)
    assert await prices(market.agent, task_id) == ["600000"]


async def test_the_same_bid_again_changes_nothing(market: Market) -> None:
    task_id = await quotes(market)
    body = await signed_bid(market.agent, task_id, asked(market.agent, 1))
    first, again = [await market.agent.post(f"/tasks/{task_id}/bids", body) for _ in range(2)]
    assert (again.status_code, again.json()) == (201, first.json())
    await bid(market.agent, task_id, 1, 7)
    stale = await market.agent.post(f"/tasks/{task_id}/bids", body)
    assert stale.json()["withdrawn_at"] is not None
    assert await prices(market.agent, task_id) == ["7"]


async def test_a_bid_is_withdrawn_by_its_agent_before_the_close(market: Market) -> None:
    task_id = await quotes(market)
    digest = (await bid(market.agent, task_id, 1))["bid_digest"]
    path = f"/tasks/{task_id}/bids/{digest}"
    assert problem(await market.rival.delete(path)) == (403, "bid-not-yours")
    assert (await market.agent.delete(path)).status_code == 204
    assert await prices(market.agent, task_id) == []


async def test_no_bid_after_the_time_even_before_the_closer_came(market: Market) -> None:
    task_id = await market.posted(await market.terms(), plan=OPEN)
    body = await signed_bid(market.agent, task_id, asked(market.agent, 1))
    execute(
        market.database_url,
        "UPDATE market.auctions SET opened_at = now(), closes_at = now() WHERE task_id = %(id)s",
        {"id": bytes.fromhex(task_id[2:])},
    )
    assert problem(await market.agent.post(f"/tasks/{task_id}/bids", body)) == (409, "bidding-closed")


@pytest.mark.parametrize(
    ("who", "agent_id", "changed", "expected"),
    [
        ("agent", 2, {}, (403, "agent-id-not-controlled")),
        ("buyer", 1, {}, (403, "bidder-is-party")),
        ("arbiter", 1, {}, (403, "bidder-is-party")),
        ("agent", 1, {"min_price": "0"}, (422, "bid-zero")),
        ("agent", 1, {"min_price": str(BUDGET + 1)}, (422, "bid-above-budget")),
        ("agent", 1, {"valid_until": CHAIN_TIME + 299}, (422, "bid-expires-too-soon")),
        ("agent", 1, {"min_work_seconds": 2**40 - 1}, (422, "work-does-not-fit")),
        ("agent", 1, {"payee": ZERO_ADDRESS, "min_work_seconds": 0}, (422, "party-unpayable")),
        ("agent", 1, {"min_price": "-1"}, (422, "request-malformed")),
        ("agent", 0, {}, (422, "request-malformed")),
    ],
)
async def test_refuses_a_bid(
    market: Market, who: str, agent_id: int, changed: dict[str, Any], expected: tuple[int, str]
) -> None:
    task_id = await market.posted(await market.terms(), plan=OPEN)
    body = asked(market.agent, agent_id) | changed
    assert problem(await getattr(market, who).post(f"/tasks/{task_id}/bids/prepare", body)) == expected


async def test_refuses_a_bid_that_was_not_signed_so(market: Market) -> None:
    task_id = await quotes(market)
    body = await signed_bid(market.agent, task_id, asked(market.agent, 1))
    cheaper = body | {"bid": body["bid"] | {"minPrice": "1"}}
    assert problem(await market.agent.post(f"/tasks/{task_id}/bids", cheaper)) == (422, "bad-signature")
    assert problem(await market.rival.post(f"/tasks/{task_id}/bids", body)) == (403, "bid-not-yours")
    other = await quotes(market)
    assert problem(await market.agent.post(f"/tasks/{other}/bids", body)) == (422, "bid-task-mismatch")
    assert await prices(market.agent, task_id) == []


async def test_the_buyer_awards_a_bid_himself(market: Market) -> None:
    task_id = await quotes(market)
    digest = (await bid(market.agent, task_id, 1, 400_000))["bid_digest"]
    assert await prices(market.buyer, task_id) == ["400000"]
    assert await prices(market.rival, task_id) == []
    params = {"bid_digest": digest, "price": "399999"}
    assert problem(await market.buyer.post(f"/tasks/{task_id}/award/prepare", params)) == (422, "price-out-of-bounds")
    assert problem(await market.agent.post(f"/tasks/{task_id}/award/prepare", params)) == (403, "not-party")
    await market.buyer.carry(f"/tasks/{task_id}/award", params | {"price": "400000"})
    assert (await market.buyer.get(f"/tasks/{task_id}")).json()["state"] == "awarding"


async def test_a_policy_that_came_later_says_whom_the_buyer_awards(market: Market) -> None:
    task_id = await quotes(market)
    digest = (await bid(market.agent, task_id, 1, 400_000))["bid_digest"]
    params = {"bid_digest": digest, "price": "400000"}

    async def award_under(**policy: Any) -> int:
        client, headers = market.buyer.wallet.client, market.buyer.headers
        assert (await client.put("/v1/spending/policy", json=policy, headers=headers)).status_code == 200
        return (await market.buyer.post(f"/tasks/{task_id}/award/prepare", params)).status_code

    assert await award_under(agents=[market.rival.address]) == 403
    assert await award_under(capabilities=["math"]) == 403
    assert await award_under(agents=[market.agent.address], per_task="1") == 200
    execute(market.database_url, "DELETE FROM market.spend_policies")


async def test_a_withdrawn_bid_cannot_be_awarded(market: Market) -> None:
    task_id = await quotes(market)
    digest = (await bid(market.agent, task_id, 1, 400_000))["bid_digest"]
    await market.agent.delete(f"/tasks/{task_id}/bids/{digest}")
    params = {"bid_digest": digest, "price": "400000"}
    assert problem(await market.buyer.post(f"/tasks/{task_id}/award/prepare", params)) == (409, "bid-not-live")


async def test_a_bid_is_revoked_at_the_escrow_and_struck_at_once(market: Market) -> None:
    """Also after the close, when a bid can no more be withdrawn."""
    task_id = await market.posted(await market.terms(), plan=OPEN)
    digest = (await bid(market.agent, task_id, 1))["bid_digest"]
    close(market, task_id)
    path = f"/tasks/{task_id}/bids/{digest}/revoke"
    assert problem(await market.rival.post(f"{path}/prepare")) == (403, "bid-not-yours")
    answer = await market.agent.carry(path)
    assert answer["intent"]["verb"] == "revoke_bid"
    record = (await market.buyer.get(f"/tasks/{task_id}/auction")).json()
    assert [(each["bid_digest"], each["struck_reason"]) for each in record["bids"]] == [(digest, "BidIsRevoked")]


async def test_a_bid_that_was_revoked_at_the_escrow_is_not_taken(market: Market) -> None:
    task_id = await quotes(market)
    body = await signed_bid(market.agent, task_id, asked(market.agent, 1))
    revoked = {"bidDigest": digest_of(market, body), "agent": market.agent.address}
    market.event("BidRevoked", revoked, task_id=task_id, block=51)
    assert problem(await market.agent.post(f"/tasks/{task_id}/bids", body)) == (409, "bid-is-revoked")
    await bid(market.agent, task_id, 1)


def digest_of(market: Market, body: dict[str, Any]) -> str:
    return typed_data.bid_digest(BidField.model_validate_json(json.dumps(body["bid"])).offer(), market.deployment)
