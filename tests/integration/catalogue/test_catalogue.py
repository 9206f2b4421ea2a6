"""The catalogue over HTTP: names belong to who published them first, versions stay, listings keep to them."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import errors

from tests.integration.api import Wallet, execute, mirror_agent
from tests.integration.listings.test_listings import OFFER

MEMBERS: dict[str, Any] = {"text": {"type": "string"}}
TEXT: dict[str, Any] = {"type": "object", "properties": MEMBERS, "required": ["text"], "additionalProperties": False}
FIRST = {"version": "1.0", "description": "Sorts lines.", "input": TEXT, "output": {"type": "string"}}
WIDER = TEXT | {"properties": MEMBERS | {"reverse": {"type": "boolean"}}}


@pytest.fixture
def name() -> str:
    """One that nobody published yet."""
    return f"text.sort.v{secrets.token_hex(4)}"


async def publish(api: httpx.AsyncClient, name: str, by: Wallet, **changed: Any) -> httpx.Response:
    return await api.post(f"/v1/capabilities/{name}", json=FIRST | changed, headers=await by.sign_in())


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


async def test_versions_follow_each_other_and_stay(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], name: str
) -> None:
    first = await publish(api, name, wallet(0))
    assert first.status_code == 201, first.text
    assert (await publish(api, name, wallet(0))).json() == first.json()
    assert problem(await publish(api, name, wallet(0), description="Other")) == (409, "version-out-of-turn")
    assert problem(await publish(api, name, wallet(0), version="1.2")) == (409, "version-out-of-turn")
    assert (await publish(api, name, wallet(0), version="1.1", input=WIDER)).status_code == 201
    broken = await publish(api, name, wallet(0), version="1.2", input=TEXT)
    assert problem(broken) == (409, "version-incompatible")
    assert broken.json()["faults"] == ["input.reverse: nothing is accepted any more"]
    assert (await publish(api, name, wallet(0), version="2.0", input=TEXT)).status_code == 201
    path = f"/v1/capabilities/{name}"
    assert [each["version"] for each in (await api.get(path)).json()["items"]] == ["1.0", "1.1", "2.0"]
    assert (await api.get(f"{path}/1.1")).json()["input"] == WIDER
    assert (await api.get(f"{path}/1.3")).status_code == 404
    newest = (await api.get("/v1/capabilities", params={"below": name})).json()["items"]
    assert [(each["name"], each["version"]) for each in newest] == [(name, "2.0")]
    assert (await api.get("/v1/capabilities", params={"below": name[:-1]})).json()["items"] == []


async def test_a_name_is_whose_first_version_it_is(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], name: str
) -> None:
    answers = await asyncio.gather(*(publish(api, name, wallet(number)) for number in range(3)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 403: 2}
    assert {problem(answer)[1] for answer in answers if answer.status_code == 403} == {"capability-not-yours"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"input": {"type": "strings"}}, (422, "schema-refused")),
        ({"output": {"required": "text"}}, (422, "schema-refused")),
        ({"input": {"$ref": "#"}}, (422, "schema-refused")),
        ({"input": {"const": "\0"}}, (422, "request-malformed")),
        ({"input": {"enum": list(range(6_000))}}, (422, "request-malformed")),
        ({"input": None}, (422, "request-malformed")),
        ({"version": "1"}, (422, "request-malformed")),
        ({"version": "0.1"}, (422, "request-malformed")),
        ({"version": "1.1"}, (409, "version-out-of-turn")),
    ],
)
async def test_refuses_to_publish(
    api: httpx.AsyncClient,
    wallet: Callable[[int], Wallet],
    name: str,
    changed: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    assert problem(await publish(api, name, wallet(0), **changed)) == expected
    assert (await api.get(f"/v1/capabilities/{name}")).status_code == 404


async def test_what_was_published_cannot_be_changed_by_the_app(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], name: str, database_url: str
) -> None:
    await publish(api, name, wallet(0))
    with psycopg.connect(database_url, options="-c role=guildhall_app") as connection:
        for statement in ("UPDATE market.capabilities SET minor = 7", "DELETE FROM market.capabilities"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.encode())
            connection.rollback()


async def test_a_listing_keeps_to_a_version_that_there_is(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], name: str, database_url: str
) -> None:
    execute(database_url, "DELETE FROM chain.agents")
    mirror_agent(database_url, 1, wallet(0).address)
    await publish(api, name, wallet(0))
    headers, offer = await wallet(0).sign_in(), OFFER | {"capability": name}
    posted = await api.post("/v1/listings", json=offer | {"keeps_to": "1.0"}, headers=headers)
    assert (posted.status_code, posted.json()["keeps_to"]) == (201, "1.0")
    unknown = await api.post("/v1/listings", json=offer | {"keeps_to": "1.1"}, headers=headers)
    assert problem(unknown) == (422, "capability-unknown")
    moved = await api.patch(f"/v1/listings/{posted.json()['id']}", json={"capability": "text.other"}, headers=headers)
    assert problem(moved) == (422, "capability-unknown")
