"""Signing in by wallet: what is refused is refused with its reason, and uses up no nonce."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from eth_account import Account

from tests.integration.api import ORIGIN, Wallet, execute, sign_in_text

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
    text = sign_in_text(await wallet(0).challenge(), wallet(0).address)
    proof = {"message": text, "signature": wallet(0).sign_text(text)}
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
        ("uri", ORIGIN + ".evil.example"),
        ("version", "2"),
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
    text = sign_in_text(challenge, wallet(0).address, **{rule: value})
    answer = await api.post("/v1/auth/sessions", json={"message": text, "signature": wallet(0).sign_text(text)})
    assert answer.status_code == 401, answer.text
    assert (answer.json()["type"], answer.json()["rule"]) == ("urn:guildhall:problem:sign-in-refused", rule)


async def test_refuses_another_account_for_the_nonce(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    text = sign_in_text(await wallet(0).challenge(), wallet(1).address)
    answer = await api.post("/v1/auth/sessions", json={"message": text, "signature": wallet(1).sign_text(text)})
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
    text = sign_in_text(challenge, wallet(0).address)
    answer = await api.post("/v1/auth/sessions", json={"message": text, "signature": wallet(0).sign_text(text)})
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
    text = sign_in_text(await wallet(0).challenge(), wallet(0).address)
    good = bytes.fromhex(wallet(0).sign_text(text)[2:])
    high_s = good[:32] + (ORDER - int.from_bytes(good[32:64], "big")).to_bytes(32, "big") + bytes([55 - good[64]])
    foreign = bytes.fromhex(wallet(1).sign_text(text)[2:])
    for signature in (b"", good[:-1], good + b"\0", bytes(65), high_s, foreign, good[:64] + b"\x00", b"\xff" * 65):
        body = {"message": text, "signature": "0x" + signature.hex()}
        answer = await api.post("/v1/auth/sessions", json=body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"] == "urn:guildhall:problem:bad-signature"
        assert answer.json()["reason"]
    body = {"message": text, "signature": "0x" + good.hex()}
    assert (await api.post("/v1/auth/sessions", json=body)).status_code == 201


async def test_refuses_a_signature_of_another_kind_of_message(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    text = sign_in_text(await wallet(0).challenge(), wallet(0).address)
    raw = Account._sign_hash(b"\1" * 32, wallet(0).key.private_key).signature.hex()
    answer = await api.post("/v1/auth/sessions", json={"message": text, "signature": "0x" + raw})
    assert answer.status_code == 422


@pytest.mark.parametrize("message", ["", "x" * 2048, "x" * 2049, "\n" * 10, "\0", "é" * 100, "a wants you to"])
async def test_refuses_messages_of_another_form(api: httpx.AsyncClient, message: str) -> None:
    answer = await api.post("/v1/auth/sessions", json={"message": message, "signature": "0x" + "11" * 65})
    assert answer.status_code == 422


async def test_two_uses_of_a_nonce_at_once_open_one_session(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    text = sign_in_text(await wallet(0).challenge(), wallet(0).address)
    proof = {"message": text, "signature": wallet(0).sign_text(text)}
    answers = await asyncio.gather(*(api.post("/v1/auth/sessions", json=proof) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]
