"""Signing in by wallet: what is refused is refused with its reason, and uses up no nonce."""

import asyncio
from collections import Counter
from collections.abc import Callable

import httpx
import pytest
from eth_account import Account

from tests.integration.api import ORIGIN, Wallet, execute

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


async def test_signs_in_reads_and_signs_out(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    headers = await wallet(0).sign_in()
    session = (await api.get("/v1/auth/session", headers=headers)).json()
    assert session["address"] == wallet(0).address
    assert (await api.delete("/v1/auth/session", headers=headers)).status_code == 204
    assert (await api.get("/v1/auth/session", headers=headers)).status_code == 401
    assert (await api.delete("/v1/auth/session", headers=headers)).status_code == 204


async def test_stores_no_token(api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str) -> None:
    opened = await wallet(0).open_session()
    read = "SELECT s::text, encode(r.token_hash, 'escape') FROM market.sessions s, market.refresh_tokens r"
    stored = execute(database_url, read)
    assert stored
    told = (opened["token"], opened["refresh_token"])
    assert not [row for row in stored for cell in row for secret in told if secret in cell]


async def test_a_nonce_works_once(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    proof = wallet(0).answer_to(await wallet(0).challenge())
    assert (await api.post("/v1/auth/sessions", json=proof)).status_code == 201
    again = await api.post("/v1/auth/sessions", json=proof)
    assert (again.status_code, again.json()["rule"]) == (401, "nonce")


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("domain", "good.example"),
        ("domain", "127.0.0.1:8000@evil.example"),
        ("statement", "Sign in elsewhere"),
        ("uri", "http://evil.example"),
        ("uri", ORIGIN + "/evil"),
        ("chain_id", "1"),
        ("nonce", "0" * 32),
        ("issued_at", "2999-01-01T00:00:00Z"),
        ("issued_at", "2001-01-01T00:00:00Z"),
        ("expires_at", "2999-01-01T00:00:00Z"),
        ("expires_at", "2001-01-01T00:00:00Z"),
    ],
)
async def test_refuses_a_message_that_was_not_asked_for(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], rule: str, value: str
) -> None:
    challenge = await wallet(0).challenge()
    answer = await api.post("/v1/auth/sessions", json=wallet(0).answer_to(challenge, **{rule: value}))
    assert answer.status_code == 401, answer.text
    assert (answer.json()["type"], answer.json()["rule"]) == ("urn:guildhall:problem:sign-in-refused", rule)


async def test_refuses_another_account_for_the_nonce(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    answer = await api.post("/v1/auth/sessions", json=wallet(1).answer_to(await wallet(0).challenge()))
    assert (answer.status_code, answer.json()["rule"]) == (401, "address")


async def test_refuses_an_expired_nonce(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    challenge = await wallet(0).challenge()
    execute(
        database_url,
        "UPDATE market.sign_in_nonces SET issued_at = issued_at - interval '1 hour', "
        "expires_at = expires_at - interval '1 hour'",
    )
    answer = await api.post("/v1/auth/sessions", json=wallet(0).answer_to(challenge))
    assert answer.status_code == 401
    await wallet(0).challenge()
    assert execute(database_url, "SELECT count(*) FROM market.sign_in_nonces WHERE expires_at < now()") == [(0,)]


async def test_refuses_an_ended_session(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    headers = await wallet(0).sign_in()
    outlive = "UPDATE market.sessions SET created_at = now() - interval '9 h', expires_at = now() - interval '1 s'"
    execute(database_url, outlive)
    assert (await api.get("/v1/auth/session", headers=headers)).status_code == 401


async def test_refuses_signatures_that_are_not_the_wallets(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    proof = wallet(0).answer_to(await wallet(0).challenge())
    text, good = proof["message"], bytes.fromhex(proof["signature"][2:])
    high_s = good[:32] + (ORDER - int.from_bytes(good[32:64], "big")).to_bytes(32, "big") + bytes([55 - good[64]])
    foreign = bytes.fromhex(wallet(1).sign_text(text)[2:])
    beyond = [good[:64] + bytes([v]) for v in (2, 26, 29, 35, 36, 255)]
    for signature in (b"", good[:-1], good + b"\0", bytes(65), high_s, foreign, *beyond, b"\xff" * 65):
        answer = await api.post("/v1/auth/sessions", json=proof | {"signature": "0x" + signature.hex()})
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"] == "urn:guildhall:problem:bad-signature"
        assert answer.json()["reason"]
    counted_from_0 = good[:64] + bytes([good[64] - 27])
    body = proof | {"signature": "0x" + counted_from_0.hex()}
    assert (await api.post("/v1/auth/sessions", json=body)).status_code == 201


async def test_refuses_a_signature_of_another_kind_of_message(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    proof = wallet(0).answer_to(await wallet(0).challenge())
    raw = Account._sign_hash(b"\1" * 32, wallet(0).key.private_key).signature.hex()
    answer = await api.post("/v1/auth/sessions", json=proof | {"signature": "0x" + raw})
    assert answer.status_code == 422


@pytest.mark.parametrize("message", ["", "x" * 2048, "x" * 2049, "\n" * 10, "\0", "é" * 100, "a wants you to"])
async def test_refuses_messages_of_another_form(api: httpx.AsyncClient, message: str) -> None:
    body = {"message": message, "signature": "0x" + "11" * 65, "client_token": "any"}
    answer = await api.post("/v1/auth/sessions", json=body)
    assert answer.status_code == 422


async def test_500_uses_of_a_nonce_at_once_open_one_session(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    count = "SELECT count(*) FROM market.sessions"
    ((before,),) = execute(database_url, count)
    proof = wallet(0).answer_to(await wallet(0).challenge())
    answers = await asyncio.gather(*(api.post("/v1/auth/sessions", json=proof) for _ in range(500)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 401: 499}
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 401} == {"nonce"}
    assert execute(database_url, count) == [(before + 1,)]


async def test_a_nonce_is_good_for_the_client_that_asked(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    """Who only read the signed message, or another nonce's client, opens no session with it."""
    proof = wallet(0).answer_to(await wallet(0).challenge())
    other = wallet(0).answer_to(await wallet(0).challenge())
    for token in (other["client_token"], "guess"):
        answer = await api.post("/v1/auth/sessions", json=proof | {"client_token": token})
        assert (answer.status_code, answer.json()["rule"]) == (401, "client_token")
    without = {name: value for name, value in proof.items() if name != "client_token"}
    assert (await api.post("/v1/auth/sessions", json=without)).status_code == 422
    assert (await api.post("/v1/auth/sessions", json=proof)).status_code == 201
