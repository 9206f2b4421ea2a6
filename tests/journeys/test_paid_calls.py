"""A program opens a channel, has calls done for money, and closes it: vouchers become dollars on the chain."""

import asyncio
from typing import Any

import pytest

from devnet.rpc import Chain
from devnet.stack import Stack
from sdk import Channel, Client
from sdk.errors import Conflict
from tests.journeys.market import FINAL_AFTER_BLOCKS, STEP_SECONDS, UNIT, Market
from tests.unit.routing.agents import OK, agents

DEPOSIT, PRICE, CALLS = 2 * UNIT, 150_000, 3


async def test_calls_are_paid_from_a_channel_and_the_rest_comes_back(market: Market, network: Stack) -> None:
    before = balance(network, market.agent), balance(network, market.buyer)
    channel, opened = await market.buyer.open_channel(DEPOSIT, challenge_seconds=15)
    await market.buyer.wait_for_intent(opened)
    await until(market, channel, "final", lambda seen: seen["finality"] == "final")
    async with agents([OK]) as (offers, scripted):
        listing: dict[str, Any] = {"pricing": "per_call", "unit": "call", "endpoint": offers[0].endpoint}
        await market.agent.offer(market.agent_id, "text.count", "Counting", price=str(PRICE), **listing)
        asked: dict[str, Any] = {"pay_from": channel, "max_price": PRICE}
        many = await asyncio.gather(*(market.buyer.call("text.count", {"n": n}, **asked) for n in range(CALLS)))
        assert many == [{"ok": True}] * CALLS
        with pytest.raises(Conflict, match="credit-spent"):
            await market.buyer.call("text.count", {}, pay_from=channel, max_price=DEPOSIT)
        assert scripted[0].calls == CALLS
    [held] = [each for each in await market.agent.vouchers() if each["channel"]["salt"] == channel.salt]
    assert (held["payee"], held["cumulative"]) == (market.agent.address, str(CALLS * PRICE))

    await market.buyer.wait_for_intent(await market.buyer.close_channel(channel))
    closed = await until(market, channel, "closed", lambda seen: seen["state"] == "closed")
    assert (closed["paid"], closed["signed"], closed["reserved"]) == (str(CALLS * PRICE), str(CALLS * PRICE), "0")
    assert balance(network, market.agent) == before[0] + CALLS * PRICE
    assert balance(network, market.buyer) == before[1] - CALLS * PRICE
    with pytest.raises(Conflict, match="channel-unfit"):
        await market.buyer.call("text.count", {}, pay_from=channel, max_price=PRICE)
    await market.require_equal_ledger()


async def until(market: Market, channel: Channel, what: str, holds: Any) -> dict[str, Any]:
    """Looks again and again while the chain goes on, which is what time and finality are made of."""

    async def look() -> dict[str, Any]:
        market.mine(FINAL_AFTER_BLOCKS)
        await asyncio.sleep(0.7)
        try:
            return await market.buyer.channel(channel)
        except Exception as error:
            if "not-found" not in str(error):
                raise
            return {"finality": None, "state": None}

    return await market.buyer.wait_until(f"the channel {what}", look, holds, STEP_SECONDS)


def balance(network: Stack, client: Client) -> int:
    """In base units, as the token says now."""
    token = network.deployment.contracts["MockUSDC"]
    with Chain(network.network.endpoints.rpc_url) as chain:
        padded = client.address[2:].lower().rjust(64, "0")
        return int(str(chain.ask("eth_call", {"to": token, "data": f"0x70a08231{padded}"}, "latest")), 16)
