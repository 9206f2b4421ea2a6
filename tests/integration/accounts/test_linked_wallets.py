"""Several wallets behind one account: each by a signature of its own, one of them at a time."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from eth_account import Account

from devnet.keys import DevelopmentKey, participant_key
from devnet.processes import Service
from sdk import Client
from sdk import Wallet as Signer
from sdk.errors import NotFound, SignatureRefused
from sdk.sign_in import sign_in_message
from tests.integration.api import Wallet, execute, sign_in_text

Wallets = Callable[[int], Wallet]


@pytest.fixture
def wallet(api: httpx.AsyncClient) -> Wallets:
    """wallet(0), wallet(1), ...: people who were never here, since the tests of this file link and unlink them."""
    keys = [Account.create() for _ in range(3)]
    return lambda number: Wallet(DevelopmentKey(keys[number].address, str(keys[number].key.to_0x_hex())), api)


async def linking(api: httpx.AsyncClient, headers: dict[str, str], other: Wallet, **said: object) -> dict[str, Any]:
    """The body by which `other` agrees to become a wallet of the account that asks."""
    asked = await api.post("/v1/auth/wallets/nonce", json={"address": other.address}, headers=headers)
    assert asked.status_code == 200, asked.text
    text = sign_in_text(asked.json(), other.address, **said)
    signature = other.sign_text(text)
    return {"message": text, "signature": signature, "client_token": asked.json()["client_token"]}


async def link(api: httpx.AsyncClient, headers: dict[str, str], other: Wallet) -> httpx.Response:
    return await api.post("/v1/auth/wallets", json=await linking(api, headers, other), headers=headers)


async def who(api: httpx.AsyncClient, headers: dict[str, str]) -> tuple[str, str]:
    answer = await api.get("/v1/auth/session", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["account"], answer.json()["address"]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


async def test_one_account_acts_as_each_of_its_wallets(api: httpx.AsyncClient, wallet: Wallets) -> None:
    first, second = wallet(0), wallet(1)
    headers = await first.sign_in()
    assert (await link(api, headers, second)).status_code == 201
    listed = (await api.get("/v1/auth/wallets", headers=headers)).json()
    assert [(each["address"], each["founding"]) for each in listed] == [(first.address, True), (second.address, False)]
    assert await who(api, headers) == (first.address, first.address)
    assert await who(api, headers | {"Guildhall-Wallet": second.address}) == (first.address, second.address)
    assert await who(api, await second.sign_in()) == (first.address, second.address)


async def test_a_key_acts_as_the_wallet_that_it_was_made_for(api: httpx.AsyncClient, wallet: Wallets) -> None:
    headers = await wallet(0).sign_in()
    await link(api, headers, wallet(1))
    acting = headers | {"Guildhall-Wallet": wallet(1).address}
    body = {"name": "robot", "scopes": ["read"], "expires_in_days": 1}
    made = (await api.post("/v1/auth/keys", json=body, headers=acting)).json()
    assert made["wallet"] == wallet(1).address
    key = {"Authorization": f"Bearer {made['key']}"}
    assert await who(api, key) == (wallet(0).address, wallet(1).address)
    assert len((await api.get("/v1/auth/keys", headers=headers)).json()) == 1
    await api.delete(f"/v1/auth/wallets/{wallet(1).address}", headers=headers)
    assert (await api.get("/v1/auth/session", headers=key)).status_code == 401


@pytest.mark.parametrize("named", ["0x" + "00" * 20, "0x00", "someone", "ab" * 40])
async def test_nobody_acts_as_a_wallet_of_another(api: httpx.AsyncClient, wallet: Wallets, named: str) -> None:
    headers = await wallet(0).sign_in()
    await wallet(1).sign_in()
    for other in (named, wallet(1).address):
        answer = await api.get("/v1/auth/session", headers=headers | {"Guildhall-Wallet": other})
        assert problem(answer) == (403, "wallet-not-linked")


async def test_a_sign_in_links_nothing_and_a_link_opens_nothing(api: httpx.AsyncClient, wallet: Wallets) -> None:
    headers = await wallet(0).sign_in()
    signed_in = wallet(1).answer_to(await wallet(1).challenge())
    assert (await api.post("/v1/auth/wallets", json=signed_in, headers=headers)).json()["rule"] == "nonce"
    agreed = await linking(api, headers, wallet(1))
    assert (await api.post("/v1/auth/sessions", json=agreed)).json()["rule"] == "nonce"
    other = await linking(api, headers, wallet(1), statement="Sign in to Guildhall.")
    assert (await api.post("/v1/auth/wallets", json=other, headers=headers)).json()["rule"] == "statement"
    assert (await api.post("/v1/auth/wallets", json=agreed, headers=headers)).status_code == 201


async def test_a_link_is_for_the_account_that_asked(api: httpx.AsyncClient, wallet: Wallets) -> None:
    mine, theirs = await wallet(0).sign_in(), await wallet(2).sign_in()
    agreed = await linking(api, mine, wallet(1))
    taken = await api.post("/v1/auth/wallets", json=agreed, headers=theirs)
    assert (taken.status_code, taken.json()["rule"]) == (401, "account")
    forged = agreed | {"signature": wallet(2).sign_text(agreed["message"])}
    assert problem(await api.post("/v1/auth/wallets", json=forged, headers=mine)) == (422, "bad-signature")


async def test_only_the_founding_wallet_links(api: httpx.AsyncClient, wallet: Wallets) -> None:
    headers = await wallet(0).sign_in()
    await link(api, headers, wallet(1))
    second = await wallet(1).sign_in()
    as_first = second | {"Guildhall-Wallet": wallet(0).address}
    for tried in (second, as_first):
        asked = await api.post("/v1/auth/wallets/nonce", json={"address": wallet(2).address}, headers=tried)
        assert problem(asked) == (403, "founding-wallet-needed")
    assert (await link(api, headers, wallet(2))).status_code == 201
    others = await api.delete(f"/v1/auth/wallets/{wallet(2).address}", headers=second)
    assert problem(others) == (403, "founding-wallet-needed")


async def test_a_wallet_that_leaves_is_its_own_again(api: httpx.AsyncClient, wallet: Wallets) -> None:
    headers = await wallet(0).sign_in()
    await link(api, headers, wallet(1))
    second = await wallet(1).sign_in()
    assert (await api.delete(f"/v1/auth/wallets/{wallet(1).address}", headers=second)).status_code == 204
    assert (await api.get("/v1/auth/session", headers=second)).status_code == 401
    assert await who(api, await wallet(1).sign_in()) == (wallet(1).address, wallet(1).address)
    assert len((await api.get("/v1/auth/wallets", headers=headers)).json()) == 1
    gone = await api.delete(f"/v1/auth/wallets/{wallet(1).address}", headers=headers)
    assert problem(gone) == (404, "not-found")
    stays = await api.delete(f"/v1/auth/wallets/{wallet(0).address}", headers=headers)
    assert problem(stays) == (409, "founding-wallet")


async def test_what_a_wallet_had_alone_ends_when_it_joins(api: httpx.AsyncClient, wallet: Wallets) -> None:
    alone = await wallet(1).sign_in()
    assert (await link(api, await wallet(0).sign_in(), wallet(1))).status_code == 201
    assert (await api.get("/v1/auth/session", headers=alone)).status_code == 401


async def test_a_wallet_with_others_has_to_leave_first(api: httpx.AsyncClient, wallet: Wallets) -> None:
    first, third = await wallet(0).sign_in(), await wallet(2).sign_in()
    await link(api, first, wallet(1))
    for taken in (wallet(0), wallet(1)):
        assert problem(await link(api, third, taken)) == (409, "wallet-taken")


async def test_two_accounts_at_once_one_gets_the_wallet(api: httpx.AsyncClient, wallet: Wallets) -> None:
    asked = [await wallet(number).sign_in() for number in (0, 2)]
    bodies = [await linking(api, headers, wallet(1)) for headers in asked]
    posts = (api.post("/v1/auth/wallets", json=body, headers=by) for body, by in zip(bodies, asked, strict=True))
    assert Counter(answer.status_code for answer in await asyncio.gather(*posts)) == {201: 1, 409: 1}


async def test_there_is_a_limit(api: httpx.AsyncClient, wallet: Wallets, database_url: str) -> None:
    headers = await wallet(0).sign_in()
    more = """
        INSERT INTO market.wallets (address, account)
        SELECT decode(lpad(to_hex(n), 40, '0'), 'hex'), %(account)s FROM generate_series(1, 19) AS n
    """
    execute(database_url, more, {"account": bytes.fromhex(wallet(0).address[2:])})
    assert problem(await link(api, headers, wallet(1))) == (409, "too-many-wallets")


async def test_the_client_links_a_wallet_and_acts_in_its_account(served: tuple[Service, str]) -> None:
    keys = [Signer(Account.from_key(participant_key(number).private_key)) for number in (17, 18)]
    async with Client(served[1], keys[0]) as first, Client(served[1], keys[1]) as second:
        await first.link_wallet(keys[1])
        assert [each["address"] for each in await second.wallets()] == [key.address for key in keys]
        await first.unlink_wallet(keys[1].address)
        with pytest.raises(NotFound):
            await first.unlink_wallet(keys[1].address)


def test_the_client_signs_no_link_where_it_meant_to_sign_in() -> None:
    challenge = {"domain": "m.example", "chain_id": 1, "version": "1", "statement": "Link this wallet to me."}
    with pytest.raises(SignatureRefused, match="statement"):
        sign_in_message(challenge, address="0x", origin="https://m.example", chain_id=1)
