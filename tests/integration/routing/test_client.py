"""The Python client has something done."""

import asyncio
from pathlib import Path

import pytest
from eth_account import Account

from devnet.keys import participant_key
from devnet.processes import Service
from sdk import Client, Wallet
from sdk.errors import CallBroken, Problem
from tests.integration.api import execute, mirror_agent
from tests.unit.routing.agents import OK, Scripted, Speaking, agents, serving


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


async def test_a_program_hears_an_answer_in_parts(served: tuple[Service, str], database_url: str) -> None:
    key = participant_key(17)
    mirror_agent(database_url, 7, key.address)
    whole, broken = Speaking([b"1", b"2"]), Speaking([b"1", b"2"], breaks_after=1)
    async with (
        serving(whole, broken, Scripted([OK])) as offers,
        Client(served[1], Wallet(Account.from_key(key.private_key))) as client,
    ):
        for name, offer in zip(("whole", "broken", "once"), offers, strict=True):
            listing = {"pricing": "per_call", "price": "0", "unit": "call", "endpoint": offer.endpoint}
            await client.offer(7, f"text.{name}", "Speaking", **listing)
        assert [part async for part in client.stream_call("text.whole", {})] == [1, 2]
        assert [part async for part in client.stream_call("text.once", {})] == [{"ok": True}]
        heard = []
        with pytest.raises(CallBroken, match="No valid answer"):
            async for part in client.stream_call("text.broken", {}):
                heard.append(part)  # it breaks off
        assert heard == [1]
        with pytest.raises(Problem, match="no-agent-fits"):
            await anext(client.stream_call("text.nobody", {}))
