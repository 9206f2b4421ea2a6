"""Listings over time: every version stays, goes back, and says what it changed; who may see which."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.integration.api import Wallet, execute, mirror_agent
from tests.integration.listings.test_listings import OFFER, find, post

TIERS = [{"from_units": 1, "price": "10"}, {"from_units": 100, "price": "8"}]


@pytest.fixture(autouse=True)
def agents(wallet: Callable[[int], Wallet], database_url: str) -> None:
    execute(database_url, "DELETE FROM chain.agents")
    execute(database_url, "DELETE FROM market.listings")
    mirror_agent(database_url, 1, wallet(0).address, wallet=wallet(1).address)
    mirror_agent(database_url, 2, wallet(2).address)


async def change(
    api: httpx.AsyncClient, posted: dict[str, Any], headers: dict[str, str], **said: Any
) -> httpx.Response:
    return await api.patch(f"/v1/listings/{posted['id']}", json=said, headers=headers)


async def test_every_version_stays_and_comes_back(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    posted, headers = await post(api, wallet(0)), await wallet(1).sign_in()
    await change(api, posted, headers, title="Sorting", tags=["new"])
    await change(api, posted, headers, tiers=TIERS, unit="page")
    path = f"/v1/listings/{posted['id']}"
    versions = (await api.get(f"{path}/versions")).json()["items"]
    assert [each["version"] for each in versions] == [1, 2, 3]
    assert versions[1]["changes"] == {"title": ["Sorting of lists", "Sorting"], "tags": [["fast", "sorting"], ["new"]]}
    assert versions[2]["changes"]["tiers"] == [[], TIERS]
    assert versions[2]["changes"]["pricing"] == ["per_task", "tiered"]
    assert [each["changed_by"] for each in versions] == [wallet(0).address, wallet(1).address, wallet(1).address]
    back = await api.post(f"{path}/rollback", json={"version": 1}, headers=headers)
    assert back.status_code == 200, back.text
    assert back.json() | {"updated_at": None, "version": 1} == posted | {"updated_at": None}
    assert back.json()["version"] == 4
    gone = await api.post(f"{path}/rollback", json={"version": 9}, headers=headers)
    assert (gone.status_code, gone.json()["kind"]) == (404, "version")
    stranger = await api.post(f"{path}/rollback", json={"version": 1}, headers=await wallet(2).sign_in())
    assert stranger.status_code == 403


async def test_saying_the_same_again_makes_no_version(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    posted, headers = await post(api, wallet(0)), await wallet(0).sign_in()
    same = await change(api, posted, headers, title=OFFER["title"], tags=["FAST", "sorting"])
    assert (same.status_code, same.json()) == (200, posted)


async def test_of_two_who_change_the_same_version_one_is_told(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    posted, headers = await post(api, wallet(0)), await wallet(0).sign_in()
    tries = (change(api, posted, headers, title=title, expected_version=1) for title in ("One", "Other"))
    answers = await asyncio.gather(*tries)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 1}
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["type"].rpartition(":")[2], refused["version"]) == ("listing-changed-meanwhile", 2)


async def test_who_sees_what(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    for visibility in ("private", "unlisted", "public"):
        await post(api, wallet(0), title=visibility, visibility=visibility)
    mine, theirs = await wallet(1).sign_in(), await wallet(2).sign_in()
    assert await find(api) == ["public"]
    assert await find(api, agent_id=1) == ["public"]
    seen = (await api.get("/v1/listings", params={"agent_id": 1}, headers=mine)).json()["items"]
    assert [each["title"] for each in seen] == ["public", "unlisted", "private"]
    ids = {each["visibility"]: each["id"] for each in seen}
    statuses = [
        (await api.get(f"/v1/listings/{ids[visibility]}{suffix}", headers=headers)).status_code
        for visibility in ("private", "unlisted")
        for headers in ({}, theirs, mine)
        for suffix in ("", "/versions")
    ]
    assert statuses == [404] * 4 + [200] * 8
    hidden = await api.patch(f"/v1/listings/{ids['private']}", json={"title": "x"}, headers=theirs)
    assert hidden.status_code == 404
    unlisted = await api.patch(f"/v1/listings/{ids['unlisted']}", json={"title": "x"}, headers=theirs)
    assert unlisted.status_code == 403


async def test_a_private_listing_is_announced_without_its_capability(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    posted = await post(api, wallet(0), visibility="private", capability="text.secret-plan")
    said = execute(
        database_url,
        "SELECT payload FROM market.announcements WHERE payload->>'listing_id' = %(id)s",
        {"id": posted["id"]},
    )
    assert said == [({"listing_id": posted["id"], "version": 1},)]


async def test_samples_are_the_listers_own_and_everybodys_to_read(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    headers = await wallet(0).sign_in()
    stored = [await api.post("/v1/content", content=text, headers=headers) for text in (b"b a", b"a b")]
    before, after = (answer.json()["digest"] for answer in stored)
    sample = {"title": "Two letters", "input": before, "output": after}
    posted = await post(api, wallet(0), samples=[sample], limits={"max_concurrent": 4})
    assert (posted["samples"], posted["limits"]) == ([sample], {"max_concurrent": 4})
    assert (await api.get(f"/v1/content/{after}", headers=await wallet(2).sign_in())).content == b"a b"
    foreign = sample | {"input": "0x" + "12" * 32}
    refused = await change(api, posted, headers, samples=[foreign])
    assert (refused.status_code, refused.json()["field"]) == (422, "samples")
    assert (await change(api, posted, headers, samples=[])).json()["samples"] == []


@pytest.mark.parametrize(
    "other",
    [
        {"pricing": "per_unit", "price": None},
        {"pricing": "free"},
        {"tiers": [{"from_units": 2, "price": "1"}], "price": None},
        {"endpoint": "ftp://files.example"},
        {"limits": {"max_concurrent": 0}},
        {"limits": {"max_dreams": 1}},
        {"visibility": "secret"},
        {"samples": [{"title": "x", "input": "0x12", "output": "0x12"}]},
    ],
)
async def test_refuses_an_offer(api: httpx.AsyncClient, wallet: Callable[[int], Wallet], other: dict[str, Any]) -> None:
    answer = await api.post("/v1/listings", json=OFFER | other, headers=await wallet(0).sign_in())
    assert answer.status_code == 422, answer.text
