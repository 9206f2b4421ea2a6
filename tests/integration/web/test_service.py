"""Health, the network's facts, request ids, the OpenAPI document, and what is answered when things are away."""

import re
from collections.abc import Callable

import httpx
import pytest

from app.config import Settings
from devnet.deploy import Deployment
from tests.conftest import Postgres
from tests.integration.api import Wallet, execute, running_api

AWAY = "redis://127.0.0.1:1/0"


async def test_network_tells_what_to_sign_for(api: httpx.AsyncClient, deployment: Deployment) -> None:
    network = (await api.get("/v1/network")).json()
    assert network["chain_id"] == 31337
    assert network["contracts"]["TaskEscrow"] == deployment.contracts["TaskEscrow"]
    assert network["token"] == {
        "address": deployment.contracts["MockUSDC"],
        "name": "USD Coin",
        "version": "2",
        "decimals": 6,
    }
    assert (network["block_number"], network["finalized_number"]) == (100, 92)
    assert network["chain_time"] == 1_800_000_000


async def test_network_waits_for_the_mirror(api: httpx.AsyncClient, database_url: str) -> None:
    execute(database_url, "DELETE FROM chain.cursors")
    answer = await api.get("/v1/network")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:guildhall:problem:chain-not-mirrored"


async def test_the_root_says_where_to_look_next(api: httpx.AsyncClient) -> None:
    places = (await api.get("/")).json()
    assert places.pop("name") == "Guildhall"
    for path in places.values():
        assert (await api.get(path)).status_code == 200


async def test_ready_when_everything_answers(api: httpx.AsyncClient) -> None:
    answer = await api.get("/readyz")
    assert answer.status_code == 200, answer.text
    assert answer.json() | {"lag_blocks": 0} == {
        "ready": True,
        "database": "ok",
        "broker": "ok",
        "mirror": "ok",
        "lag_blocks": 0,
        "reason": None,
    }
    assert (await api.get("/healthz")).json() == {"status": "ok"}


async def test_names_a_broker_that_is_away(settings: Settings) -> None:
    away = settings.model_copy(update={"redis_url": type(settings.redis_url)(AWAY)})
    async with running_api(away) as api:
        answer = await api.get("/readyz")
        assert (answer.status_code, answer.json()["broker"]) == (503, "unreachable")
        assert (await api.get("/v1/network")).status_code == 200


async def test_names_a_mirror_that_halted(api: httpx.AsyncClient, database_url: str) -> None:
    execute(database_url, "UPDATE chain.cursors SET halted = 'a finalized block was replaced'")
    answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()["mirror"]) == (503, "halted")
    assert "nothing is served as final: a finalized block was replaced" in answer.json()["reason"]
    assert (await api.get("/v1/network")).json()["finalized_number"] == -1
    execute(database_url, "UPDATE chain.cursors SET halted = NULL")


async def test_answers_503_while_the_database_is_away_and_recovers(api: httpx.AsyncClient, postgres: Postgres) -> None:
    assert (await api.get("/v1/network")).status_code == 200
    postgres.service.kill()
    try:
        answer = await api.get("/v1/network")
        assert answer.status_code == 503, answer.text
        assert answer.json()["type"] == "urn:guildhall:problem:database-unavailable"
        assert (await api.get("/readyz")).json()["database"] == "unreachable"
    finally:
        postgres.service.start()
    assert (await api.get("/v1/network")).status_code == 200


async def test_keeps_a_well_formed_request_id_and_replaces_others(api: httpx.AsyncClient) -> None:
    answer = await api.get("/healthz", headers={"X-Request-Id": "request-0001"})
    assert answer.headers["x-request-id"] == "request-0001"
    for refused in ("short", "x" * 65, "has space"):
        answer = await api.get("/healthz", headers={"X-Request-Id": refused})
        assert answer.headers["x-request-id"] != refused
        assert len(answer.headers["x-request-id"]) == 32


async def test_the_documentation_loads_nothing_from_elsewhere(api: httpx.AsyncClient) -> None:
    page = (await api.get("/docs")).text
    places = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert places
    for place in places:
        assert place.startswith("/"), place
        assert (await api.get(place)).status_code == 200


async def test_openapi_documents_problems(api: httpx.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "Problem" in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["4XX"]["content"], path


async def test_the_row_is_there_when_the_answer_is(wallet: Callable[[int], Wallet], database_url: str) -> None:
    challenge = await wallet(0).challenge()
    found = execute(
        database_url, "SELECT 1 FROM market.sign_in_nonces WHERE nonce = %(nonce)s", {"nonce": challenge["nonce"]}
    )
    assert found == [(1,)]


async def test_a_commit_that_fails_is_not_answered_as_success(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    execute(
        database_url,
        "CREATE FUNCTION market.refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'refused at commit'; END $$",
    )
    execute(
        database_url,
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON market.sign_in_nonces "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION market.refuse()",
    )
    answer = await api.post("/v1/auth/nonce", json={"address": wallet(0).address})
    execute(database_url, "DROP FUNCTION market.refuse CASCADE")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:guildhall:problem:unexpected")
    assert answer.json()["detail"] is None
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
async def test_serves_the_documentation(api: httpx.AsyncClient, path: str) -> None:
    assert (await api.get(path)).status_code == 200
