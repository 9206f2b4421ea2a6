"""Every way to pay, from the client through the relayer to the chain and back into the books."""

import secrets

import pytest

from devnet.release import function_abi
from devnet.rpc import Chain, calldata
from sdk import Terms, make_terms
from sdk.errors import Conflict
from sdk.schemas import PlacedBid
from tests.journeys.market import ARBITER, BUYER, CAPABILITY, LONG, UNIT, Market

VALID_SECONDS = 3_600


@pytest.mark.parametrize("method", ["permit", "permit2"])
async def test_a_hire_is_paid_by_another_method(market: Market, method: str) -> None:
    if method == "permit2":
        await approve_permit2(market)
    terms = await market.post(3)
    await market.buyer.wait_for_intent(await market.buyer.fund(terms, method))
    await market.deliver_and_pay(terms)
    await market.require_equal_ledger()


async def test_milestones_are_paid_by_one_signature(market: Market) -> None:
    plan = [await market.post(usdc) for usdc in (1, 2, 4)]
    paid = await market.buyer.wait_for_intent(await market.buyer.fund_batch(plan))
    for terms in plan:
        await market.until_state(terms, "awarded")
    assert paid.verb == "fund_batch"
    await market.deliver_and_pay(plan[1])
    await market.require_equal_ledger()


async def test_a_buyer_pays_with_the_award_and_a_revoked_bid_is_out(market: Market) -> None:
    terms = await invite(market, 6)
    revoked = await bid(market, terms, 5)
    await market.agent.wait_for_intent(await market.agent.revoke_bid(terms, revoked.bid_digest))
    chosen = await bid(market, terms, 4)
    with pytest.raises(Conflict, match="bid-not-live"):
        await market.buyer.award_and_fund(terms, revoked.bid_digest, 5 * UNIT)
    await market.buyer.wait_for_intent(await market.buyer.award_and_fund(terms, chosen.bid_digest, 4 * UNIT))
    task = await market.deliver_and_pay(terms)
    assert task.escrow is not None
    assert (task.escrow.paid, task.escrow.refunded) == (4 * UNIT, 2 * UNIT)
    assert (await market.event_names(terms))[:3] == ["BidRevoked", "TaskFunded", "TaskAwarded"]
    await market.require_equal_ledger()


async def invite(market: Market, usdc: int) -> Terms:
    """A task that its buyer awards himself, unpaid."""
    content = await market.buyer.upload(secrets.token_hex(8).encode())
    terms = make_terms(
        buyer=market.buyer.address,
        arbiter=ARBITER.address,
        content=content.digest,
        budget=usdc * UNIT,
        chain_time=(await market.buyer.clock()).chain_time,
        windows=LONG,
    )
    await market.buyer.post_task(terms, title="An invitation", capability=CAPABILITY, payment="at_award")
    await market.until_state(terms, "inviting")
    return terms


async def bid(market: Market, terms: Terms, usdc: int) -> PlacedBid:
    return await market.agent.bid(
        terms,
        market.agent_id,
        min_price=usdc * UNIT,
        min_work_seconds=60,
        valid_until=(await market.agent.clock()).chain_time + VALID_SECONDS,
        payee=market.agent.address,
    )


async def approve_permit2(market: Market) -> None:
    network = await market.buyer.network()
    data = calldata(function_abi("MockUSDC", "approve"), [network.permit2, 2**255])
    with Chain(market.stack.network.endpoints.rpc_url) as chain:
        chain.send_all(BUYER, [{"to": network.token.address, "data": data, "gas": 100_000}])
