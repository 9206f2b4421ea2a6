"""Listings: posted by those who control the agent, found by capability and words."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.integration.api import Wallet, execute, mirror_agent

OFFER = {
    "agent_id": 1,
    "capability": "text.sort",
    "title": "Sorting of lists",
    "description": "100% stable, under_scored",
    "price": "2500000",
    "unit": "task",
    "tags": ["Sorting", "fast", "fast"],
}


@pytest.fixture
def agents(wallet: Callable[[int], Wallet], database_url: str) -> None:
    execute(database_url, "DELETE FROM chain.agents")
    execute(database_url, "DELETE FROM market.listings")
    mirror_agent(database_url, 1, wallet(0).address, wallet=wallet(1).address)
    mirror_agent(database_url, 2, wallet(2).address)


async def post(api: httpx.AsyncClient, owner: Wallet, **other: Any) -> dict[str, Any]:
    answer = await api.post("/v1/listings", json=OFFER | other, headers=await owner.sign_in())
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def find(api: httpx.AsyncClient, **params: str | int) -> list[str]:
    answer = await api.get("/v1/listings", params=params)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


@pytest.mark.usefixtures("agents")
async def test_posts_changes_and_removes(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    posted = await post(api, wallet(0))
    assert posted["price"] == "2500000"
    assert posted["tags"] == ["fast", "sorting"]
    path, headers = f"/v1/listings/{posted['id']}", await wallet(1).sign_in()
    changed = await api.patch(path, json={"price": None, "title": "Sorting"}, headers=headers)
    assert changed.status_code == 200, changed.text
    new = {"price": None, "pricing": "negotiated", "title": "Sorting", "version": 2, "updated_at": None}
    assert changed.json() | {"updated_at": None} == posted | new
    assert changed.json()["updated_at"] > posted["updated_at"]
    assert (await api.get(path)).json() == changed.json()
    assert (await api.delete(path, headers=headers)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert (await api.delete(path, headers=headers)).status_code == 404


@pytest.mark.usefixtures("agents")
async def test_refuses_who_does_not_control_the_agent(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    path, stranger = f"/v1/listings/{(await post(api, wallet(0)))['id']}", await wallet(2).sign_in()
    for answer in (
        await api.post("/v1/listings", json=OFFER, headers=stranger),
        await api.patch(path, json={"title": "Mine"}, headers=stranger),
        await api.delete(path, headers=stranger),
    ):
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:guildhall:problem:not-controller")
    unknown = await api.post("/v1/listings", json=OFFER | {"agent_id": 3}, headers=stranger)
    assert unknown.status_code == 404
    assert (await api.post("/v1/listings", json=OFFER)).status_code == 401


@pytest.mark.usefixtures("agents")
async def test_finds_by_capability_agent_and_words(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    await post(api, wallet(0), title="Alpha", description="a 50% discount", tags=["gold"])
    await post(api, wallet(0), title="Beta", capability="text.count", description="snake_case", tags=[])
    await post(api, wallet(2), title="Gamma", agent_id=2, description="back\\slash", tags=[])
    assert await find(api) == ["Gamma", "Beta", "Alpha"]
    assert await find(api, capability="text.count") == ["Beta"]
    assert await find(api, agent_id=2) == ["Gamma"]
    assert await find(api, q="ALPHA") == ["Alpha"]
    assert await find(api, q="Gold") == ["Alpha"]
    assert await find(api, q="gol") == []
    assert await find(api, q="%") == ["Alpha"]
    assert await find(api, q="_") == ["Beta"]
    assert await find(api, q="\\") == ["Gamma"]
    assert await find(api, q="' OR 1=1 --") == []


@pytest.mark.usefixtures("agents")
async def test_pages_show_each_listing_once_while_new_ones_come(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    for number in range(5):
        await post(api, wallet(0), title=str(number))
    seen: list[str] = []
    params: dict[str, str | int] = {"limit": 2}
    while True:
        page = (await api.get("/v1/listings", params=params)).json()
        seen += [item["title"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
        await post(api, wallet(0), title="late")
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.mark.usefixtures("agents")
async def test_hides_a_listing_whose_agent_a_reorg_took(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    posted = await post(api, wallet(0))
    execute(database_url, "DELETE FROM chain.agents WHERE agent_id = 1")
    assert await find(api) == []
    assert (await api.get(f"/v1/listings/{posted['id']}")).status_code == 404


@pytest.mark.usefixtures("agents")
@pytest.mark.parametrize(
    "other",
    [
        {"capability": "Text"},
        {"capability": "text..sort"},
        {"capability": "text.sort\n"},
        {"title": ""},
        {"title": "x" * 201},
        {"title": "a\0b"},
        {"title": None},
        {"tags": ["x"] * 21},
        {"tags": "sorting"},
        {"tags": ["\0"]},
        {"tags": [1]},
        {"unit": "1"},
        {"agent_id": 0},
        {"agent_id": 2**63},
        {"agent_id": 1.0},
        {"agent_id": True},
        {"owner": "me"},
        {"description": "\ud800"},
    ],
)
async def test_refuses_malformed_offers(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], other: dict[str, Any]
) -> None:
    headers = await wallet(0).sign_in()
    body = json.dumps(OFFER | other)
    answer = await api.post("/v1/listings", content=body, headers=headers | {"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:guildhall:problem:request-malformed")
    if "agent_id" not in other and "owner" not in other:
        path = f"/v1/listings/{(await post(api, wallet(0)))['id']}"
        body = json.dumps(other)
        refused = await api.patch(path, content=body, headers=headers | {"Content-Type": "application/json"})
        assert refused.status_code == 422
