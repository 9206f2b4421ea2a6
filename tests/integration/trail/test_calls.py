"""What the API leaves in the trail: a row for each change, none for anything else."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Settings
from app.main import ROUTERS, create_app
from app.web.calls import Call, leaves_row
from app.web.dependencies import request_transaction
from app.web.mutating_route import MutatingRoute
from tests.integration.api import ORIGIN, Wallet, execute, mirror_agent

OFFER = {
    "agent_id": 1,
    "capability": "text.sort",
    "title": "Sorting of lists",
    "description": "Sorts lists.",
    "price": "2500000",
    "unit": "task",
    "tags": ["sorting"],
}
RECORDS_ITSELF = {("POST", "/v1/content")}
PULLED = "/v1/agents/{agent_id}/calls"
OTHERWISE = {
    *(("POST", "/v1/calls"), ("POST", "/v1/routes")),
    *(("POST", f"{PULLED}/take"), ("POST", f"{PULLED}/{{named}}/answer")),
}
"""A call has a row of its own (market.calls), committed before anything is sent; a route changes nothing."""


@pytest.fixture
def rows(database_url: str) -> Callable[[], list[dict[str, Any]]]:
    """rows(): what was left since the last time, oldest first."""
    seen = execute(database_url, "SELECT coalesce(max(id), 0) FROM market.trail_entries")[0][0]

    def fresh() -> list[dict[str, Any]]:
        nonlocal seen
        statement = """
            SELECT to_jsonb(entry) || jsonb_build_object('origin', to_jsonb(origin))
            FROM market.trail_entries AS entry JOIN market.trail_origins AS origin ON origin.entry_id = entry.id
            WHERE entry.id > %(seen)s ORDER BY entry.id
        """
        found = [row[0] for row in execute(database_url, statement, {"seen": seen})]
        seen = max([seen, *(row["id"] for row in found)])
        return found

    return fresh


Rows = Callable[[], list[dict[str, Any]]]


def hashed(data: bytes) -> str:
    return "\\x" + hashlib.sha256(data).hexdigest()


def account(address: str) -> str:
    return "\\x" + address[2:].lower()


async def test_a_sign_in_says_who_and_with_which_session(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], rows: Rows
) -> None:
    opened = await wallet(0).open_session()
    (row,) = rows()  # the nonce left none
    assert (row["method"], row["path"], row["status"]) == ("POST", "/v1/auth/sessions", 201)
    assert row["account"] == account(wallet(0).address)
    headers = {"Authorization": f"Bearer {opened['token']}"}
    assert row["session_id"] == (await api.get("/v1/auth/session", headers=headers)).json()["session_id"]
    refreshed = await api.post("/v1/auth/refresh", json={"refresh_token": opened["refresh_token"]})
    (again,) = rows()
    assert (refreshed.status_code, again["path"], again["session_id"]) == (200, "/v1/auth/refresh", row["session_id"])
    assert (await api.delete("/v1/auth/session", headers=headers)).status_code == 204
    (out,) = rows()
    assert (out["method"], out["account"], out["session_id"]) == ("DELETE", row["account"], row["session_id"])


async def test_an_answer_that_refuses_and_ends_a_session_leaves_a_row(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], rows: Rows
) -> None:
    token = {"refresh_token": (await wallet(0).open_session())["refresh_token"]}
    assert (await api.post("/v1/auth/refresh", json=token)).status_code == 200
    rows()
    refused = await api.post("/v1/auth/refresh", json=token)
    (row,) = rows()
    assert (row["path"], row["status"]) == ("/v1/auth/refresh", refused.status_code)
    assert refused.status_code >= 400


async def test_a_row_holds_the_digests_of_both_bodies_and_where_it_came_from(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], rows: Rows, database_url: str
) -> None:
    execute(database_url, "DELETE FROM chain.agents")
    mirror_agent(database_url, 1, wallet(0).address)
    headers = await wallet(0).sign_in() | {"User-Agent": "tester/1", "X-Request-Id": "request-0001"}
    rows()
    answer = await api.post("/v1/listings", json=OFFER, headers=headers)
    assert answer.status_code == 201, answer.text
    (row,) = rows()
    assert row["request_digest"] == hashed(answer.request.content)
    assert row["answer_digest"] == hashed(answer.content)
    origin = row["origin"]
    assert (origin["network"], origin["user_agent"]) == ("127.0.0.1", "tester/1")
    assert origin["request_id"] == "request-0001"
    listing = answer.json()["id"]
    assert (await api.delete(f"/v1/listings/{listing}", headers=headers)).status_code == 204
    (row,) = rows()
    assert (row["method"], row["path"], row["request_digest"]) == ("DELETE", f"/v1/listings/{listing}", hashed(b""))


async def test_an_api_key_is_named(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], rows: Rows, database_url: str
) -> None:
    execute(database_url, "DELETE FROM chain.agents")
    mirror_agent(database_url, 1, wallet(0).address)
    headers = await wallet(0).sign_in()
    wanted = {"name": "lister", "scopes": ["list"], "expires_in_days": 1}
    made = (await api.post("/v1/auth/keys", json=wanted, headers=headers)).json()
    assert [row["path"] for row in rows()] == ["/v1/auth/sessions", "/v1/auth/keys"]
    with_key = {"Authorization": f"Bearer {made['key']}"}
    assert (await api.post("/v1/listings", json=OFFER, headers=with_key)).status_code == 201
    (row,) = rows()
    assert (row["account"], row["session_id"], row["key_id"]) == (account(wallet(0).address), None, made["id"])


async def test_a_stored_content_leaves_a_row_with_its_digest(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], rows: Rows
) -> None:
    headers = await wallet(0).sign_in() | {"Content-Type": "text/plain"}
    rows()
    answer = await api.post("/v1/content", content=b"a deliverable", headers=headers)
    assert answer.status_code == 201, answer.text
    (row,) = rows()
    assert (row["path"], row["status"]) == ("/v1/content", 201)
    assert (row["request_digest"], row["answer_digest"]) == (hashed(b"a deliverable"), hashed(answer.content))
    wrong = base64.b64encode(bytes(32)).decode()
    refused = await api.post("/v1/content", content=b"x", headers=headers | {"Content-Digest": f"sha-256=:{wrong}:"})
    assert (refused.status_code >= 400, rows()) == (True, [])


async def test_reads_refusals_and_repetitions_leave_no_row(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], rows: Rows, database_url: str
) -> None:
    execute(database_url, "DELETE FROM chain.agents")
    mirror_agent(database_url, 1, wallet(0).address)
    headers = await wallet(0).sign_in() | {"Idempotency-Key": "trail-0000-0001"}
    first = await api.post("/v1/listings", json=OFFER, headers=headers)
    assert [row["status"] for row in rows()] == [201, 201]
    again = await api.post("/v1/listings", json=OFFER, headers=headers)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert (await api.get("/v1/listings", headers=headers)).status_code == 200
    assert (await api.post("/v1/listings", json={}, headers=headers)).status_code == 422
    assert (await api.delete("/v1/listings/" + "0" * 32, headers=headers)).status_code == 404
    assert rows() == []


async def test_an_effect_whose_row_cannot_be_kept_does_not_happen(
    settings: Settings, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    async def refuse(session: AsyncSession, call: Call) -> None:
        raise RuntimeError("no room for rows")

    app, counted = create_app(settings), "SELECT count(*) FROM market.sessions"
    async with app.router.lifespan_context(app):
        app.state.runtime = replace(app.state.runtime, record=refuse)
        before = execute(database_url, counted)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
            with pytest.raises(AssertionError, match="unexpected"):
                await Wallet(wallet(0).key, client).open_session()
        assert execute(database_url, counted) == before


def test_every_route_that_changes_something_leaves_a_row() -> None:
    """By its class, and by working in the request's transaction, where the row is left."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    changing = [(method, route) for route in routes for method in route.methods or () if leaves_row(method, route.path)]
    assert len(changing) > 25
    forgotten = {
        (method, route.path)
        for method, route in changing
        if not (isinstance(route, MutatingRoute) and works_in_transaction(route.dependant))
    }
    assert forgotten == RECORDS_ITSELF | OTHERWISE


def works_in_transaction(dependant: Any) -> bool:
    return dependant.call is request_transaction or any(map(works_in_transaction, dependant.dependencies))
