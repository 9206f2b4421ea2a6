"""API keys: shown once, held to their scopes, ended at will, and never in a URL."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.accounts.actions import MAX_API_KEYS
from app.accounts.api_keys import is_api_key
from app.web.scopes import scope_of
from tests.integration.api import Wallet, execute
from tests.integration.market import problem


@pytest.fixture
async def owner(wallet: Callable[[int], Wallet], database_url: str) -> dict[str, str]:
    execute(database_url, "DELETE FROM market.api_keys")
    return await wallet(0).sign_in()


async def make(api: httpx.AsyncClient, owner: dict[str, str], *scopes: str, **other: Any) -> dict[str, Any]:
    body = {"name": "batch job", "scopes": list(scopes or ("read",))} | other
    answer = await api.post("/v1/auth/keys", json=body, headers=owner)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def bearer(made: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {made['key']}"}


async def test_is_shown_once_and_stored_as_a_hash(
    api: httpx.AsyncClient, owner: dict[str, str], database_url: str
) -> None:
    made = await make(api, owner, "read", "bid")
    assert is_api_key(made["key"])
    assert made["key"].startswith(made["hint"])
    listed = (await api.get("/v1/auth/keys", headers=owner)).json()
    assert listed == [{name: value for name, value in made.items() if name != "key"}]
    (row,) = execute(database_url, "SELECT k::text FROM market.api_keys k")
    assert made["key"] not in row[0]


async def test_speaks_for_its_account_within_its_scopes(
    api: httpx.AsyncClient, owner: dict[str, str], wallet: Callable[[int], Wallet]
) -> None:
    made = await make(api, owner, "read", "list")
    me = (await api.get("/v1/auth/session", headers=bearer(made))).json()
    whom = {"account": wallet(0).address, "address": wallet(0).address, "roles": []}
    assert me == whom | {"expires_at": None, "session_id": None, "scopes": ["list", "read"]}
    assert (await api.get("/v1/tasks", headers=bearer(made))).status_code == 200
    assert (await api.post("/v1/listings", json={}, headers=bearer(made))).status_code == 422
    refused = await api.post("/v1/tasks", json={}, headers=bearer(made))
    assert (problem(refused), refused.json()["scope"]) == ((403, "scope-missing"), "post")
    uploaded = await api.post("/v1/content", content=b"x", headers=bearer(made))
    assert (problem(uploaded), uploaded.json()["scope"]) == ((403, "scope-missing"), "upload")


async def test_a_prepared_verb_needs_the_verbs_scope(api: httpx.AsyncClient, owner: dict[str, str]) -> None:
    made = await make(api, owner, "read", "release")
    task = f"/v1/tasks/0x{'1' * 64}"
    for verb, expected in (("release/prepare", 404), ("claim/prepare", 403), ("claim", 403)):
        answer = await api.post(f"{task}/{verb}", json={"amount": "1"}, headers=bearer(made))
        assert answer.status_code == expected, (verb, answer.text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/auth/keys"),
        ("GET", "/v1/auth/keys"),
        ("DELETE", "/v1/auth/keys/00000000-0000-0000-0000-000000000000"),
        ("GET", "/v1/auth/sessions"),
        ("DELETE", "/v1/auth/sessions"),
    ],
)
async def test_manages_neither_keys_nor_sessions(
    api: httpx.AsyncClient, owner: dict[str, str], method: str, path: str
) -> None:
    every = ("read", "upload", "register", "list", "post", "fund", "bid", "award", "withdraw", "review")
    made = await make(api, owner, *every)
    answer = await api.request(method, path, json={"name": "x", "scopes": ["read"]}, headers=bearer(made))
    assert problem(answer) == (403, "session-needed")


async def test_a_keyed_repeat_of_another_scope_gives_nothing_away(
    api: httpx.AsyncClient, owner: dict[str, str]
) -> None:
    again = {"Idempotency-Key": "key-0000-0000-0001"}
    await make(api, owner | again, "read")
    reader = await make(api, owner, "read")
    answer = await api.post(
        "/v1/auth/keys", json={"name": "batch job", "scopes": ["read"]}, headers=bearer(reader) | again
    )
    assert problem(answer) == (403, "session-needed")


async def test_ends_when_revoked_and_when_its_time_is_over(
    api: httpx.AsyncClient, owner: dict[str, str], database_url: str
) -> None:
    revoked, outlived = await make(api, owner), await make(api, owner)
    for _ in range(2):
        assert (await api.delete(f"/v1/auth/keys/{revoked['id']}", headers=owner)).status_code == 204
    assert (await api.get("/v1/tasks", headers=bearer(revoked))).status_code == 401
    assert (await api.get("/v1/tasks", headers=bearer(outlived))).status_code == 200
    execute(
        database_url,
        "UPDATE market.api_keys SET created_at = now() - interval '9 d', expires_at = now() - interval '1 s'",
    )
    assert (await api.get("/v1/tasks", headers=bearer(outlived))).status_code == 401
    assert [each["id"] for each in (await api.get("/v1/auth/keys", headers=owner)).json()] == [outlived["id"]]


async def test_outlives_signing_out(api: httpx.AsyncClient, owner: dict[str, str]) -> None:
    made = await make(api, owner)
    await api.delete("/v1/auth/sessions", headers=owner)
    assert (await api.get("/v1/tasks", headers=bearer(made))).status_code == 200


async def test_shows_its_last_use(api: httpx.AsyncClient, owner: dict[str, str]) -> None:
    made = await make(api, owner)
    assert made["last_used_at"] is None
    await api.get("/v1/tasks", headers=bearer(made))
    (first,) = (await api.get("/v1/auth/keys", headers=owner)).json()
    await api.get("/v1/tasks", headers=bearer(made))
    (second,) = (await api.get("/v1/auth/keys", headers=owner)).json()
    assert first["last_used_at"] == second["last_used_at"] is not None


async def test_belongs_to_its_owner_alone(
    api: httpx.AsyncClient, owner: dict[str, str], wallet: Callable[[int], Wallet]
) -> None:
    made, stranger = await make(api, owner), await wallet(1).sign_in()
    assert (await api.get("/v1/auth/keys", headers=stranger)).json() == []
    foreign = await api.delete(f"/v1/auth/keys/{made['id']}", headers=stranger)
    unknown = await api.delete(f"/v1/auth/keys/{'0' * 8}-0000-0000-0000-{'0' * 12}", headers=stranger)
    assert problem(foreign) == problem(unknown) == (404, "not-found")
    assert (await api.get("/v1/tasks", headers=bearer(made))).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": "read"},
        {"expires_in_days": 0},
        {"expires_in_days": 367},
        {"expires_in_days": True},
    ],
)
async def test_refuses_a_key_that_cannot_be(
    api: httpx.AsyncClient, owner: dict[str, str], changed: dict[str, Any]
) -> None:
    body = {"name": "x", "scopes": ["read"]} | changed
    assert (await api.post("/v1/auth/keys", json=body, headers=owner)).status_code == 422


async def test_an_account_has_at_most_fifty(api: httpx.AsyncClient, owner: dict[str, str]) -> None:
    for _ in range(MAX_API_KEYS):
        made = await make(api, owner)
    answer = await api.post("/v1/auth/keys", json={"name": "x", "scopes": ["read"]}, headers=owner)
    assert problem(answer) == (409, "too-many-api-keys")
    await api.delete(f"/v1/auth/keys/{made['id']}", headers=owner)
    await make(api, owner)


@pytest.mark.parametrize("where", ["/v1/tasks?key={}", "/v1/tasks?{}=1", "/v1/tasks?access_token={}", "/v1/content/{}"])
async def test_is_refused_in_a_url(api: httpx.AsyncClient, owner: dict[str, str], where: str) -> None:
    made = await make(api, owner)
    for text in (made["key"], re.sub("_", "%5F", made["key"])):
        answer = await api.get(where.format(text), headers=bearer(made))
        assert problem(answer) == (422, "credential-in-url")
        assert made["key"] not in answer.text


async def test_every_route_has_a_scope_or_needs_a_session(api: httpx.AsyncClient) -> None:
    paths = (await api.get("/openapi.json")).json()["paths"]
    without = {path for path, methods in paths.items() for each in methods if scope_of(each.upper(), path) is None}
    decided_by_people = {path for path in paths if path.startswith("/v1/approvals/") and "post" in paths[path]}
    own = {path for path in paths if path.startswith("/v1/auth")} | {"/v1/gas/invites", "/v1/spending/policy"}
    own |= {"/v1/referrals/code", "/v1/referrals/referrer"}
    payouts = {"/v1/operations/referral-payouts", "/v1/operations/referral-payouts/{payout_id}"}
    audits = {"/v1/operations/audits/{task_id}", "/v1/operations/audits/{task_id}/reader"}
    operators = {"/v1/operations/gas/invite-codes"} | audits | payouts
    assert without == own | decided_by_people | operators
