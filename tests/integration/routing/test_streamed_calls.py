"""Answers that come in parts."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx

from app.config import Settings
from tests.integration.api import execute, until
from tests.integration.routing.paying import Payer
from tests.integration.routing.shop import Shop, kind
from tests.unit.routing.agents import BROKEN, OK, Scripted, Speaking, serving

PARTS = [b'{"n":1}', b"null", b'"three"']
VALUES = [{"n": 1}, None, "three"]


async def stream(shop: Shop, **asked: Any) -> httpx.Response:
    body = {"call_id": str(uuid4()), "capability": "text.sort", "input": 1, "try_ms": 2_000} | asked
    headers = await shop.buyer.sign_in() | {"Accept": "application/x-ndjson"}
    return await shop.api.post("/v1/calls", json=body, headers=headers)


def told(answer: httpx.Response) -> tuple[list[Any], dict[str, Any]]:
    """The parts, and the call at the end."""
    assert answer.status_code == 200, answer.text
    *parts, last = [json.loads(line) for line in answer.text.splitlines()]
    return [part["part"] for part in parts], last["call"]


async def test_parts_come_as_the_agent_says_them_and_the_whole_is_stored(shop: Shop) -> None:
    agent = Speaking(PARTS)
    async with serving(agent) as [offer]:
        await shop.list(1, offer.endpoint)
        name = str(uuid4())
        parts, call = told(await stream(shop, call_id=name))
        assert parts == VALUES
        assert (call["state"], call["answer"]) == ("answered", VALUES)
        assert (await shop.call(call_id=name, input=1, try_ms=2_000)).json()["answer"] == VALUES
        assert agent.calls == 1


async def test_an_agent_that_answers_at_once_is_heard_too(shop: Shop) -> None:
    async with serving(Scripted([OK])) as [offer]:
        await shop.list(1, offer.endpoint)
        parts, call = told(await stream(shop))
        assert (parts, call["answer"]) == ([], {"ok": True})


async def test_another_agent_answers_before_the_first_part(shop: Shop) -> None:
    async with serving(Scripted([BROKEN]), Speaking(PARTS)) as offers:
        for offer in offers:
            await shop.list(offer.agent_id, offer.endpoint)
        for _ in range(3):
            parts, call = told(await stream(shop))
            assert (parts, call["agent_id"]) == (VALUES, 2)


async def test_after_the_first_part_nobody_takes_over(shop: Shop) -> None:
    breaking, spare = Speaking(PARTS, breaks_after=1), Scripted([OK])
    async with serving(breaking, spare) as offers:
        await shop.list(1, offers[0].endpoint)
        parts, call = told(await stream(shop))
        assert parts == VALUES[:1]
        assert (call["state"], call["answer"]) == ("failed", None)
        assert (breaking.calls, spare.calls) == (1, 0)
        await shop.list(2, offers[1].endpoint)
        assert breaking.calls == 1


async def test_a_part_that_is_not_json_ends_it(shop: Shop) -> None:
    async with serving(Speaking([b"1", b"{", b"3"])) as [offer]:
        await shop.list(1, offer.endpoint)
        parts, call = told(await stream(shop))
        assert (parts, call["state"]) == ([1], "failed")
        assert call["attempts"][-1]["reason"].endswith("the answer is not JSON.")


async def test_what_stops_it_before_the_first_part_is_an_error(shop: Shop) -> None:
    assert kind(await stream(shop)) == (404, "no-agent-fits")
    async with serving(Scripted([BROKEN])) as [offer]:
        await shop.list(1, offer.endpoint)
        assert kind(await stream(shop, capability="text")) == (503, "call-failed")


async def test_a_stream_may_take_longer_than_a_try(shop: Shop) -> None:
    async with serving(Speaking(PARTS, pause=0.2)) as [offer]:
        await shop.list(1, offer.endpoint)
        parts, call = told(await stream(shop, try_ms=300, deadline_ms=5_000))
        assert (parts, call["state"]) == (VALUES, "answered")
        parts, call = told(await stream(shop, try_ms=300, deadline_ms=300))
        assert call["state"] == "failed"
        assert parts == VALUES[: len(parts)]


async def test_who_hangs_up_finds_the_answer_later(shop: Shop) -> None:
    agent = Speaking(PARTS, pause=0.5)
    async with serving(agent) as [offer]:
        await shop.list(1, offer.endpoint)
        name = str(uuid4())
        asking = asyncio.create_task(stream(shop, call_id=name))
        await until(lambda: agent.calls)
        await asyncio.sleep(0.2)
        asking.cancel()
        running = "SELECT 1 FROM market.calls WHERE state = 'running'"
        await until(lambda: not execute(shop.database_url, running))
        assert (await shop.get(f"/calls/{name}")).json()["answer"] == VALUES


async def test_what_is_paid_is_not_heard_before(shop: Shop, settings: Settings) -> None:
    payer = Payer(shop, settings)
    payer.mirror()
    refused = await stream(shop, channel_id=payer.channel_id, max_price="5")
    assert kind(refused) == (422, "stream-not-paid")


async def test_too_much_is_refused(shop: Shop) -> None:
    many, long = Speaking([b'"' + b"x" * 200_000 + b'"'] * 6), Speaking([b'"' + b"x" * 300_000 + b'"'])
    async with serving(many) as [offer]:
        await shop.list(1, offer.endpoint)
        parts, call = told(await stream(shop))
        assert (len(parts), call["state"]) == (5, "failed")
        assert "over 1048576 bytes" in call["attempts"][-1]["reason"]
    async with serving(long) as [offer]:
        await shop.list(2, offer.endpoint, capability="text.long")
        assert kind(await stream(shop, capability="text.long")) == (503, "call-failed")
