"""Routes and calls over the API: agents behind real HTTP, offers from listings."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from app.config import Settings
from tests.integration.api import Wallet, execute, running_api, until
from tests.integration.routing.shop import Shop, kind
from tests.unit.routing.agents import BROKEN, OK, Scripted, agents

WORDS = {
    "type": "object",
    "properties": {"words": {"type": "array", "items": {"type": "string"}}},
    "required": ["words"],
}
SORTED = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}


async def test_a_call_is_done_and_done_once(shop: Shop) -> None:
    async with agents([OK]) as (offers, scripted):
        await shop.list(1, offers[0].endpoint)
        name = str(uuid4())
        first = await shop.call(call_id=name)
        assert first.status_code == 200, first.text
        found = first.json()
        assert (found["state"], found["agent_id"], found["answer"]) == ("answered", 1, {"ok": True})
        assert found["attempts"][0]["ok"] is True
        assert b"guildhall-call: " + name.encode() in scripted[0].headers[0].lower()
        again = (await shop.call(call_id=name)).json()
        assert (again["answer"], again["created_at"]) == (found["answer"], found["created_at"])
        assert scripted[0].calls == 1
        assert kind(await shop.call(call_id=name, input={"words": []})) == (409, "call-named-twice")
        assert (await shop.get(f"/calls/{name}")).json()["answer"] == {"ok": True}


async def test_a_call_is_named_by_itself_and_by_no_header(shop: Shop) -> None:
    async with agents([OK]) as (offers, scripted):
        await shop.list(1, offers[0].endpoint)
        headers = await shop.buyer.sign_in() | {"Idempotency-Key": "the-same-key"}
        for path, body in (("routes", {}), ("calls", {"input": 1})):
            for _ in range(2):
                asked = {"capability": "text.sort"} | body | ({"call_id": str(uuid4())} if path == "calls" else {})
                answer = await shop.api.post(f"/v1/{path}", json=asked, headers=headers)
                assert answer.status_code == 200, answer.text
        assert scripted[0].calls == 2


async def test_another_agent_does_what_one_cannot(shop: Shop) -> None:
    async with agents([BROKEN], [OK]) as (offers, _):
        for offer in offers:
            await shop.list(offer.agent_id, offer.endpoint)
        for _ in range(4):
            assert (await shop.call()).json()["agent_id"] == 2


async def test_a_call_that_failed_is_a_dead_letter_and_can_be_tried_anew(shop: Shop) -> None:
    async with agents([BROKEN] * 4 + [OK]) as (offers, scripted):
        await shop.list(1, offers[0].endpoint)
        name = str(uuid4())
        assert kind(await shop.call(call_id=name)) == (503, "call-failed")
        dead = (await shop.get("/calls", state="failed")).json()["items"]
        assert [each["call_id"] for each in dead] == [name]
        assert {each["reason"] for each in dead[0]["attempts"]} == {
            "The agent's endpoint did not do the call: status 500."
        }
        while scripted[0].calls < 4:
            await shop.call()
        assert (await shop.call(call_id=name)).json()["state"] == "answered"
        assert (await shop.get("/calls", state="failed", limit=100)).json()["items"] != dead


async def test_a_running_call_is_not_begun_twice(shop: Shop) -> None:
    async with agents([(0.4, 200, b'{"ok":true}')]) as (offers, scripted):
        await shop.list(1, offers[0].endpoint)
        name = str(uuid4())
        first = asyncio.create_task(shop.call(call_id=name))
        await scripted[0].asked.wait()
        assert kind(await shop.call(call_id=name)) == (409, "call-running")
        assert (await shop.get(f"/calls/{name}")).json()["state"] == "running"
        assert (await first).json()["state"] == "answered"
        assert scripted[0].calls == 1


async def test_what_was_lost_with_its_process_is_told_and_done_anew(shop: Shop) -> None:
    async with agents([OK]) as (offers, _):
        await shop.list(1, offers[0].endpoint)
        name = str(uuid4())
        await shop.call(call_id=name)
        execute(
            shop.database_url,
            "UPDATE market.calls SET state = 'running', agent_id = NULL, ended_at = NULL,"
            " deadline = clock_timestamp() - interval '1 second'",
        )
        assert (await shop.get(f"/calls/{name}")).json()["state"] == "lost"
        assert [each["call_id"] for each in (await shop.get("/calls", state="lost")).json()["items"]] == [name]
        assert (await shop.call(call_id=name)).json()["state"] == "answered"


async def test_answers_and_inputs_keep_to_the_version_that_was_promised(shop: Shop) -> None:
    published = await shop.api.post(
        "/v1/capabilities/text.sort",
        json={"version": "1.0", "description": "sorts", "input": WORDS, "output": SORTED},
        headers=await shop.owner.sign_in(),
    )
    assert published.status_code in (200, 201), published.text
    async with agents([(0.0, 200, b'{"ok":"yes"}')], [OK]) as (offers, _):
        for offer in offers:
            await shop.list(offer.agent_id, offer.endpoint, keeps_to="1.0")
        for _ in range(4):
            assert (await shop.call(keeps_to="1.0")).json()["agent_id"] == 2
        refused = await shop.call(keeps_to="1.0", input={"words": [1]})
        assert kind(refused) == (422, "input-refused")
        assert refused.json()["at"] == "/words/0"


async def test_only_what_asks_nothing_is_called(shop: Shop) -> None:
    async with agents([OK]) as (offers, scripted):
        await shop.list(1, offers[0].endpoint, price="5")
        assert kind(await shop.call()) == (404, "no-agent-fits")
        assert scripted[0].calls == 0
        assert kind(await shop.call(max_price="5")) == (422, "channel-needed")
        routed = (await shop.api.post("/v1/routes", json={"capability": "text"})).json()
        assert (routed["agent_id"], routed["price"], routed["reason"]) == (1, "5", "only")
        assert routed["endpoint"] == offers[0].endpoint


@pytest.mark.parametrize(
    ("narrow", "found"),
    [
        ({"max_price": "4"}, None),
        ({"region": "eu"}, 1),
        ({"region": "us"}, None),
        ({"min_quality": 900_000}, None),
        ({"capability": "image"}, None),
    ],
)
async def test_a_route_fits_what_was_asked_for(shop: Shop, narrow: dict[str, Any], found: int | None) -> None:
    await shop.list(1, "http://agent.example/", price="5", tags=["region:eu"])
    answer = await shop.api.post("/v1/routes", json={"capability": "text.sort"} | narrow)
    if found is None:
        assert kind(answer) == (404, "no-agent-fits")
    else:
        assert answer.json()["agent_id"] == found


async def test_breakers_are_announced(shop: Shop) -> None:
    async with agents([BROKEN]) as (offers, _):
        await shop.list(1, offers[0].endpoint)
        for _ in range(5):
            await shop.call()
    said = "SELECT payload FROM market.announcements WHERE topic = 'breaker.open' AND subject = 'agent:1'"
    await until(lambda: execute(shop.database_url, said))
    assert execute(shop.database_url, said)[0][0] == {"agent_id": 1, "from": "closed", "to": "open"}


async def test_what_was_counted_is_told_to_operators(shop: Shop, settings: Settings) -> None:
    assert (await shop.get("/operations/metrics")).status_code == 403
    named = settings.model_copy(update={"private_endpoints": True, "operators": (shop.buyer.address,)})
    async with agents([BROKEN] * 2 + [OK]) as (offers, _), running_api(named) as client:
        before = counted(await shop.operated(client))
        await shop.list(1, offers[0].endpoint)
        assert (await shop.call()).status_code == 200
        after = counted(await shop.operated(client))
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown['guildhall_api_call_tries_total{outcome="failed"}'] == 2
    assert grown['guildhall_api_call_tries_total{outcome="ok"}'] == 1
    assert grown['guildhall_api_calls_total{outcome="answered"}'] == 1
    assert grown["guildhall_api_call_seconds_count"] == 1


def counted(text: str) -> dict[str, float]:
    """Each sample by its name and labels."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def test_calls_are_their_accounts_own(shop: Shop, wallet: Callable[[int], Wallet]) -> None:
    async with agents([OK]) as (offers, _):
        await shop.list(1, offers[0].endpoint)
        name = str(uuid4())
        await shop.call(call_id=name)
        stranger = await wallet(3).sign_in()
        assert (await shop.api.get(f"/v1/calls/{name}", headers=stranger)).status_code == 404
        assert (await shop.api.get("/v1/calls", headers=stranger)).json()["items"] == []
        unsigned = await shop.api.post("/v1/calls", json={"call_id": name, "capability": "a", "input": 1})
        assert unsigned.status_code == 401


@pytest.mark.parametrize("unsendable", ["a\0b", [2**70], {"x": ["\ud800"]}], ids=["nul", "large", "half"])
async def test_what_cannot_be_sent_is_refused(shop: Shop, unsendable: Any) -> None:
    body = json.dumps({"call_id": str(uuid4()), "capability": "text.sort", "input": unsendable})
    headers = await shop.buyer.sign_in() | {"Content-Type": "application/json"}
    refused = await shop.api.post("/v1/calls", content=body, headers=headers)
    assert kind(refused) == (422, "request-malformed"), refused.text


async def test_an_answer_that_cannot_be_stored_is_a_failure(shop: Shop) -> None:
    async with agents([(0.0, 200, b'"a\\u0000b"')], [(0.0, 200, b'"a\\\\u0000b"')]) as (offers, _):
        for offer in offers:
            await shop.list(offer.agent_id, offer.endpoint)
        for _ in range(3):
            found = (await shop.call()).json()
            assert (found["agent_id"], found["answer"]) == (2, "a\\u0000b")


async def test_the_services_own_network_is_not_called(
    settings: Settings, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    for table in ("market.listings", "chain.agents"):
        execute(database_url, f"DELETE FROM {table}")
    async with agents([OK]) as (offers, scripted), running_api(settings) as client:
        shop = Shop(client, Wallet(wallet(0).key, client), Wallet(wallet(2).key, client), database_url)
        await shop.list(1, offers[0].endpoint)
        assert kind(await shop.call()) == (503, "call-failed")
        assert isinstance(scripted[0], Scripted)
        assert scripted[0].calls == 0
