"""Agents: registration is signed by the owner and carried; profiles are their controllers'."""

from collections.abc import Callable

import httpx
import pytest

from devnet.deploy import Deployment
from devnet.keys import participant_key
from devnet.release import function_abi
from devnet.rpc import Chain, calldata
from tests.integration.api import Wallet, execute, mirror_agent
from tests.integration.conftest import CHAIN_TIME

URI = "https://agents.example/one.json"


async def prepare(api: httpx.AsyncClient, headers: dict[str, str], uri: str = URI) -> dict[str, object]:
    answer = await api.post("/v1/agents/registrations/prepare", json={"agent_uri": uri}, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def signed(signer: Wallet, prepared: dict[str, object], **other: object) -> dict[str, object]:
    body = {"agent_uri": URI, "nonce": prepared["nonce"], "deadline": prepared["deadline"]}
    typed = dict(prepared["typed_data"])  # type: ignore[call-overload]  # JSON
    return body | {"signature": signer.sign_typed(typed)} | other


async def test_prepares_what_the_registry_expects(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], deployment: Deployment
) -> None:
    prepared = await prepare(api, await wallet(0).sign_in())
    assert (prepared["nonce"], prepared["deadline"]) == (0, CHAIN_TIME + 3600)
    typed = prepared["typed_data"]
    assert isinstance(typed, dict)
    assert typed["domain"]["verifyingContract"] == deployment.contracts["IdentityRegistry"]
    assert typed["message"]["owner"] == wallet(0).address


async def test_carries_a_registration_once(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    headers = await wallet(0).sign_in()
    body = signed(wallet(0), await prepare(api, headers))
    first = await api.post("/v1/agents/registrations", json=body, headers=headers)
    again = await api.post("/v1/agents/registrations", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202), first.text
    assert first.json()["intent"]["verb"] == "register"
    assert first.json()["intent"]["id"] == again.json()["intent"]["id"]
    assert execute(database_url, "SELECT count(*) FROM market.intents") == [(1,)]


@pytest.mark.parametrize(
    ("other", "status", "slug"),
    [
        ({"agent_uri": "https://evil.example"}, 422, "bad-signature"),
        ({"nonce": 1}, 422, "bad-signature"),
        ({"deadline": CHAIN_TIME + 3599}, 422, "bad-signature"),
        ({"nonce": 2**63}, 422, "request-malformed"),
        ({"nonce": "0"}, 422, "request-malformed"),
        ({"deadline": 2**40}, 422, "request-malformed"),
        ({"agent_uri": ""}, 422, "request-malformed"),
        ({"agent_uri": "a\0b"}, 422, "request-malformed"),
        ({"signature": "0x1"}, 422, "request-malformed"),
        ({"signature": "0x"}, 422, "bad-signature"),
    ],
)
async def test_refuses_what_was_not_signed(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], other: dict[str, object], status: int, slug: str
) -> None:
    headers = await wallet(1).sign_in()
    body = signed(wallet(1), await prepare(api, headers), **other)
    answer = await api.post("/v1/agents/registrations", json=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:guildhall:problem:{slug}")


async def test_refuses_another_accounts_signature(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    body = signed(wallet(1), await prepare(api, await wallet(1).sign_in()))
    answer = await api.post("/v1/agents/registrations", json=body, headers=await wallet(2).sign_in())
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:guildhall:problem:bad-signature")


async def test_refuses_a_nonce_or_deadline_that_the_chain_would_refuse(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    headers = await wallet(3).sign_in()
    for field, value, slug in (
        ("nonce", 7, "registration-nonce-used"),
        ("deadline", CHAIN_TIME, "registration-deadline-refused"),
        ("deadline", CHAIN_TIME + 3601, "registration-deadline-refused"),
    ):
        prepared = await prepare(api, headers)
        typed = prepared["typed_data"]
        assert isinstance(typed, dict)
        typed["message"][field] = value
        body = signed(wallet(3), prepared, **{field: value})
        answer = await api.post("/v1/agents/registrations", json=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (409, f"urn:guildhall:problem:{slug}")


async def test_lists_agents_page_by_page(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    for agent_id in (11, 12, 13):
        mirror_agent(database_url, agent_id, wallet(4).address, block=90 + agent_id - 11)
    seen: list[tuple[int, str]] = []
    params: dict[str, str | int] = {"owner": wallet(4).address, "limit": 1}
    while True:
        page = (await api.get("/v1/agents", params=params)).json()
        seen += [(agent["agent_id"], agent["finality"]) for agent in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == [(11, "final"), (12, "final"), (13, "final")]
    mirror_agent(database_url, 14, wallet(4).address, block=93)
    assert (await api.get("/v1/agents/14")).json()["finality"] == "pending"
    assert (await api.get("/v1/agents/999")).status_code == 404


async def test_the_owner_and_the_wallet_write_the_profile(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    mirror_agent(database_url, 21, wallet(5).address, wallet=wallet(6).address)
    profile = {"name": "Sorter", "description": "Sorts.", "endpoint": "https://sorter.example/a2a"}
    for number in (5, 6):
        answer = await api.put("/v1/agents/21/profile", json=profile, headers=await wallet(number).sign_in())
        assert answer.status_code == 200, answer.text
    assert (await api.get("/v1/agents/21")).json() | profile == (await api.get("/v1/agents/21")).json()
    cleared = await api.put("/v1/agents/21/profile", json={"name": "S"}, headers=await wallet(5).sign_in())
    assert (cleared.json()["name"], cleared.json()["endpoint"]) == ("S", None)
    stranger = await api.put("/v1/agents/21/profile", json=profile, headers=await wallet(7).sign_in())
    assert (stranger.status_code, stranger.json()["type"]) == (403, "urn:guildhall:problem:not-controller")
    unknown = await api.put("/v1/agents/22/profile", json=profile, headers=await wallet(5).sign_in())
    assert unknown.status_code == 404
    bad = await api.put("/v1/agents/21/profile", json=profile | {"endpoint": "ftp://x"}, headers={})
    assert bad.status_code == 401


async def test_an_approved_operator_writes_the_profile_for_as_long_as_he_is_approved(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str, deployment: Deployment, rpc_url: str
) -> None:
    """The mirror names owner and wallet only; the registry knows whom the owner approved."""
    registry, owner, operator = deployment.contracts["IdentityRegistry"], participant_key(5), wallet(6)
    register = {"to": registry, "data": "0x1aa3a008", "gas": 500_000}
    approval = function_abi("IdentityRegistry", "setApprovalForAll")
    mirror_agent(database_url, 1, owner.address)
    headers = await operator.sign_in()
    seen = []
    with Chain(rpc_url) as chain:
        chain.send_all(owner, [register])
        for approved in (True, False):
            data = calldata(approval, [operator.address, approved])
            chain.send_all(owner, [{"to": registry, "data": data, "gas": 200_000}])
            answer = await api.put("/v1/agents/1/profile", json={"name": "Sorter"}, headers=headers)
            seen.append((answer.status_code, answer.json().get("type")))
    assert seen == [(200, None), (403, "urn:guildhall:problem:not-controller")]
