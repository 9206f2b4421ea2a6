"""The Python client has something done."""

import asyncio
from pathlib import Path

import pytest
from eth_account import Account

from devnet.keys import participant_key
from devnet.processes import Service
from sdk import Client, Wallet
from sdk.errors import Problem
from tests.integration.api import execute, mirror_agent
from tests.unit.routing.agents import OK, agents


@pytest.fixture
def also_set(tmp_path: Path) -> dict[str, str]:
    return {"PRIVATE_ENDPOINTS": "true"}


async def test_a_program_calls_by_what_is_to_be_done(served: tuple[Service, str], database_url: str) -> None:
    key = participant_key(15)
    mirror_agent(database_url, 5, key.address)
    execute(database_url, "DELETE FROM market.listings")
    async with (
        agents([OK]) as (offers, scripted),
        Client(served[1], Wallet(Account.from_key(key.private_key))) as client,
    ):
        with pytest.raises(Problem, match="takes calls"):
            await client.call("text.shout", {"words": ["a"]})
        listing = {"pricing": "per_call", "price": "0", "unit": "call", "endpoint": offers[0].endpoint}
        await client.offer(5, "text.shout.loud", "Shouting", **listing)
        assert (await client.route("text.shout.loud", prefer="speed"))["agent_id"] == 5
        name = "6f2c3a52-6f0e-4a6e-9f43-0c9d0f8f6f11"
        for _ in range(2):
            assert await client.call("text.shout.loud", {"words": ["a"]}, call_id=name) == {"ok": True}
        assert scripted[0].calls == 1


async def test_a_program_takes_calls_and_does_them(served: tuple[Service, str], database_url: str) -> None:
    key = participant_key(16)
    mirror_agent(database_url, 6, key.address)

    async def count(words: list[str]) -> int:
        if not words:
            raise ValueError("nothing to count")
        return len(words)

    async with Client(served[1], Wallet(Account.from_key(key.private_key))) as client:
        await client.offer(6, "text.count", "Counting", pricing="per_call", price="0", unit="call")
        assert await client.take_call(6, wait_seconds=0) is None
        serving = asyncio.create_task(client.serve_calls(6, count, at_most=5))
        assert await client.call("text.count", ["a", "b"]) == 2
        with pytest.raises(Problem, match="No "):
            await client.call("text.count", [])
        await asyncio.wait_for(serving, 10)
