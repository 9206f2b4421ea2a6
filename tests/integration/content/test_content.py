"""Content by digest: streamed, checked, readable by those it was granted to, unknown to all others."""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from app.boundary import transaction
from app.config import Settings
from app.content import actions
from app.database import Address, Digest, Hash32, make_engine, make_sessions
from tests.integration.api import Wallet, execute


def digest_of(body: bytes) -> str:
    return "0x" + hashlib.sha256(body).hexdigest()


def field_of(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


async def grant(settings: Settings, digest: str, *readers: str | None) -> None:
    engine = make_engine(settings.sqlalchemy_url, pool_size=1)
    async with transaction(make_sessions(engine)) as session:
        wanted = [None if reader is None else Address(reader) for reader in readers]
        await actions.grant(session, Digest(Hash32(digest)), wanted)
    await engine.dispose()


async def test_stores_and_reads_back(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    headers = await wallet(0).sign_in()
    sent = headers | {"Content-Type": "text/plain; charset=utf-8", "Content-Digest": field_of(b"hello")}
    stored = await api.post("/v1/content", content=b"hello", headers=sent)
    assert stored.status_code == 201, stored.text
    assert stored.json() == {"digest": digest_of(b"hello"), "size": 5, "media_type": "text/plain; charset=utf-8"}
    answer = await api.get(f"/v1/content/{digest_of(b'hello')}", headers=headers)
    assert answer.content == b"hello"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["repr-digest"] == field_of(b"hello")


async def test_stores_25_mb_and_more_as_a_stream(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], settings: Settings
) -> None:
    headers = await wallet(0).sign_in()
    piece, hashed = secrets.token_bytes(1_000_000), hashlib.sha256()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(32):
            hashed.update(piece)
            yield piece

    stored = await api.post("/v1/content", content=chunks(), headers=headers)
    assert stored.status_code == 201, stored.text
    assert stored.json() == {
        "digest": "0x" + hashed.hexdigest(),
        "size": 32_000_000,
        "media_type": "application/octet-stream",
    }
    read = await api.get(f"/v1/content/{stored.json()['digest']}", headers=headers)
    assert hashlib.sha256(read.content).hexdigest() == hashed.hexdigest()


async def test_refuses_more_than_the_limit(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], settings: Settings
) -> None:
    headers = await wallet(0).sign_in()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield bytes(1_000_000)

    for body in (chunks(), bytes(40_000_000)):
        answer = await api.post("/v1/content", content=body, headers=headers)
        assert answer.status_code == 413
        assert answer.json()["limit"] == 32 * 1024 * 1024
    assert leftovers(settings.content_dir) == []


async def test_refuses_another_digest_and_keeps_nothing(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], settings: Settings
) -> None:
    headers = await wallet(0).sign_in()
    body = secrets.token_bytes(100)
    answer = await api.post("/v1/content", content=body, headers=headers | {"Content-Digest": field_of(b"other")})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:guildhall:problem:digest-mismatch"
    assert (answer.json()["expected"], answer.json()["actual"]) == (digest_of(b"other"), digest_of(body))
    assert leftovers(settings.content_dir) == []
    assert (await api.get(f"/v1/content/{digest_of(body)}", headers=headers)).status_code == 404


@pytest.mark.parametrize("name", ["Content-Digest", "Content-Type"])
@pytest.mark.parametrize("value", ["", "nonsense", "sha-256=:AAAA:", "sha-256=" + "A" * 44, "a/b/c", "text/", "a\tb/c"])
async def test_refuses_headers_that_are_none(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], name: str, value: str
) -> None:
    answer = await api.post("/v1/content", content=b"x", headers=await wallet(0).sign_in() | {name: value})
    assert answer.status_code == 422, answer.text


async def test_unknown_and_unreadable_answer_alike(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    body = secrets.token_bytes(32)
    await api.post("/v1/content", content=body, headers=await wallet(0).sign_in())
    other = await wallet(1).sign_in()
    unreadable = await api.get(f"/v1/content/{digest_of(body)}", headers=other)
    unknown = await api.get(f"/v1/content/{digest_of(b'never stored')}", headers=other)
    assert (unreadable.status_code, unknown.status_code) == (404, 404)
    assert {**unreadable.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
    assert (await api.get(f"/v1/content/{digest_of(body)}")).status_code == 401


async def test_a_grant_opens_it(api: httpx.AsyncClient, wallet: Callable[[int], Wallet], settings: Settings) -> None:
    body, everybody = secrets.token_bytes(32), secrets.token_bytes(32)
    owner, reader, stranger = [await wallet(number).sign_in() for number in range(3)]
    for each in (body, everybody):
        await api.post("/v1/content", content=each, headers=owner)
    await grant(settings, digest_of(body), wallet(1).address, wallet(1).address)
    await grant(settings, digest_of(everybody), None)
    await grant(settings, digest_of(everybody), None)
    assert (await api.get(f"/v1/content/{digest_of(body)}", headers=reader)).content == body
    assert (await api.get(f"/v1/content/{digest_of(body)}", headers=stranger)).status_code == 404
    assert (await api.get(f"/v1/content/{digest_of(everybody)}", headers=stranger)).content == everybody


async def test_the_same_bytes_twice_at_once_are_one_file(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], settings: Settings, database_url: str
) -> None:
    body = secrets.token_bytes(3_000_000)
    headers = [await wallet(number).sign_in() for number in (0, 0, 1, 1)]
    answers = await asyncio.gather(*(api.post("/v1/content", content=body, headers=each) for each in headers))
    assert {answer.status_code for answer in answers} == {201}
    assert leftovers(settings.content_dir) == [digest_of(body)[2:]]
    rows = execute(
        database_url,
        "SELECT count(*) FROM market.contents WHERE digest = %(digest)s",
        {"digest": bytes.fromhex(digest_of(body)[2:])},
    )
    assert rows == [(2,)]


async def test_a_missing_file_is_named_and_is_no_500(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], settings: Settings
) -> None:
    headers = await wallet(0).sign_in()
    body = secrets.token_bytes(32)
    await api.post("/v1/content", content=body, headers=headers)
    for path in settings.content_dir.rglob(digest_of(body)[2:]):
        path.unlink()
    answer = await api.get(f"/v1/content/{digest_of(body)}", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:guildhall:problem:content-missing")


async def test_a_part_can_be_read(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    headers = await wallet(0).sign_in()
    stored = (await api.post("/v1/content", content=b"0123456789", headers=headers)).json()
    answer = await api.get(f"/v1/content/{stored['digest']}", headers=headers | {"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")


def leftovers(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.is_file()] if root.exists() else []
