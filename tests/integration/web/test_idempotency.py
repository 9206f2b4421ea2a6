"""Idempotency-Key: one effect and one answer, whoever repeats, crashes or collides."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.config import Settings
from tests.integration.api import Wallet, execute, mirror_agent, running_api
from tests.integration.market import problem

OFFER = {
    "agent_id": 1,
    "capability": "text.sort",
    "title": "Sorting of lists",
    "description": "Sorts lists.",
    "price": "2500000",
    "unit": "task",
    "tags": ["sorting"],
}
KEY = "listing-0000-0001"


@pytest.fixture
def agents(wallet: Callable[[int], Wallet], database_url: str) -> None:
    for table in ("chain.agents", "market.listings", "market.answers"):
        execute(database_url, f"DELETE FROM {table}")
    mirror_agent(database_url, 1, wallet(0).address, wallet=wallet(1).address)


@pytest.fixture
async def owner(wallet: Callable[[int], Wallet], agents: None) -> dict[str, str]:
    return await wallet(0).sign_in()


def keyed(headers: dict[str, str], key: str = KEY) -> dict[str, str]:
    return headers | {"Idempotency-Key": key}


async def post(api: httpx.AsyncClient, headers: dict[str, str], **other: Any) -> httpx.Response:
    return await api.post("/v1/listings", json=OFFER | other, headers=headers)


def listings(database_url: str) -> int:
    return int(execute(database_url, "SELECT count(*) FROM market.listings")[0][0])


async def test_the_same_request_gets_the_same_answer(
    api: httpx.AsyncClient, owner: dict[str, str], database_url: str
) -> None:
    first, again = [await post(api, keyed(owner)) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.content, first.headers["content-type"]) == (again.content, again.headers["content-type"])
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert listings(database_url) == 1


async def test_quotes_around_the_key_change_nothing(
    api: httpx.AsyncClient, owner: dict[str, str], database_url: str
) -> None:
    bare, quoted = await post(api, keyed(owner)), await post(api, keyed(owner, f'"{KEY}"'))
    assert bare.content == quoted.content
    assert listings(database_url) == 1


async def test_without_a_key_each_request_counts(
    api: httpx.AsyncClient, owner: dict[str, str], database_url: str
) -> None:
    for _ in range(2):
        assert (await post(api, owner)).status_code == 201
    assert listings(database_url) == 2


@pytest.mark.parametrize("other", [{"price": "2500001"}, {"title": "Another"}])
async def test_another_body_under_the_key_is_refused(
    api: httpx.AsyncClient, owner: dict[str, str], database_url: str, other: dict[str, str]
) -> None:
    await post(api, keyed(owner))
    assert problem(await post(api, keyed(owner), **other)) == (422, "idempotency-key-reused")
    assert listings(database_url) == 1


async def test_another_route_under_the_key_is_refused(api: httpx.AsyncClient, owner: dict[str, str]) -> None:
    await post(api, keyed(owner))
    elsewhere = await api.post("/v1/agents/registrations/prepare", json=OFFER, headers=keyed(owner))
    assert elsewhere.status_code == 422


@pytest.mark.parametrize("key", ["short", "x" * 129, "has space in it", '"half-quoted-key', "ümlaut-in-the-key"])
async def test_a_malformed_key_is_refused(api: httpx.AsyncClient, owner: dict[str, str], key: str) -> None:
    headers = {name.encode(): value.encode() for name, value in keyed(owner, key).items()}
    answer = await api.post("/v1/listings", json=OFFER, headers=headers)
    assert problem(answer) == (422, "idempotency-key-malformed")


async def test_keys_belong_to_their_account(
    api: httpx.AsyncClient, owner: dict[str, str], wallet: Callable[[int], Wallet], database_url: str
) -> None:
    mine = await post(api, keyed(owner))
    theirs = await post(api, keyed(await wallet(1).sign_in()))
    assert mine.json()["id"] != theirs.json()["id"]
    assert listings(database_url) == 2


async def test_the_key_outlives_the_session(
    api: httpx.AsyncClient, owner: dict[str, str], wallet: Callable[[int], Wallet]
) -> None:
    first = await post(api, keyed(owner))
    assert (await post(api, keyed(await wallet(0).sign_in()))).content == first.content


async def test_a_refused_request_leaves_the_key_free(
    api: httpx.AsyncClient, owner: dict[str, str], database_url: str
) -> None:
    assert (await post(api, keyed(owner), agent_id=99)).status_code in (403, 404)
    assert execute(database_url, "SELECT count(*) FROM market.answers") == [(0,)]
    assert (await post(api, keyed(owner))).status_code == 201


async def test_two_hundred_at_once_have_one_effect(
    api: httpx.AsyncClient, owner: dict[str, str], database_url: str
) -> None:
    answers = await asyncio.gather(*(post(api, keyed(owner)) for _ in range(200)))
    assert {answer.status_code for answer in answers} == {201}, {answer.text for answer in answers}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert listings(database_url) == 1


async def test_two_processes_share_the_keys(
    api: httpx.AsyncClient, settings: Settings, owner: dict[str, str], database_url: str
) -> None:
    async with running_api(settings) as other:
        answers = await asyncio.gather(*(post(each, keyed(owner)) for _ in range(10) for each in (api, other)))
    assert len({answer.content for answer in answers}) == 1
    assert listings(database_url) == 1


async def test_after_a_day_the_key_is_new(api: httpx.AsyncClient, owner: dict[str, str], database_url: str) -> None:
    await post(api, keyed(owner))
    execute(database_url, "UPDATE market.answers SET created_at = created_at - interval '24 hours 1 second'")
    assert "idempotency-replayed" not in (await post(api, keyed(owner))).headers
    assert listings(database_url) == 2


async def test_a_stranger_without_a_session_is_told_so(api: httpx.AsyncClient) -> None:
    assert (await post(api, keyed({}))).status_code == 401
    assert (await post(api, keyed({"Authorization": "Bearer nonsense"}))).status_code == 401


async def test_reading_takes_no_notice_of_a_key(api: httpx.AsyncClient, owner: dict[str, str]) -> None:
    await post(api, keyed(owner))
    assert (await api.get("/v1/listings", headers=keyed(owner))).status_code == 200
