"""What operators may ask over HTTP, and nobody else."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from app.config import Settings
from app.errors import SettingRefused
from app.main import arbiters_of
from devnet.keys import participant_key
from tests.integration.api import Wallet, running_api

GAS = "/v1/operations/gas"
ONE_POL = 10**18


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    named = {"operators": (participant_key(0).address,), "arbiters": (participant_key(1).address,)}
    async with running_api(settings.model_copy(update=named)) as client:
        yield client


async def test_an_operator_makes_an_invite_that_pays(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    operator, somebody = await wallet(0).sign_in(), await wallet(2).sign_in()
    day = (await api.get(GAS, headers=operator)).json()
    assert (day["budget"], day["spent"]) == (str(50 * ONE_POL), "0")
    made = await api.post(f"{GAS}/invite-codes", json={"wei": str(ONE_POL), "days": 1}, headers=operator)
    assert made.status_code == 200, made.text
    redeemed = await api.post("/v1/gas/invites", json={"code": made.json()["code"]}, headers=somebody)
    assert redeemed.json()["credit"] == str(ONE_POL)
    for wei in ("0", "-1", "1e18", str(10**21)):
        refused = await api.post(f"{GAS}/invite-codes", json={"wei": wei}, headers=operator)
        assert refused.status_code == 422, refused.text


async def test_nobody_else_does(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    for number in (1, 2):
        headers = await wallet(number).sign_in()
        asked = await api.get(GAS, headers=headers)
        made = await api.post(f"{GAS}/invite-codes", json={"wei": "1"}, headers=headers)
        for answer in (asked, made):
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:guildhall:problem:role-missing")
            assert answer.json()["role"] == "operator"
    assert (await api.get(GAS)).status_code == 401


async def test_a_session_tells_its_roles(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    held = [(await api.get("/v1/auth/session", headers=await wallet(n).sign_in())).json()["roles"] for n in range(3)]
    assert held == [["operator"], ["arbiter"], []]


def test_an_operator_without_checksum_is_refused(settings: Settings) -> None:
    with pytest.raises(SettingRefused, match="OPERATORS"):
        arbiters_of(settings.model_copy(update={"operators": (participant_key(0).address.lower(),)}))
