"""Whatever is sent, the answer is a 4xx problem document with a request id, never a 500."""

import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from tests.integration.api import Wallet

JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 100_000 + b"]" * 100_000
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "not JSON": (b"{", 422),
    "a lone string": (b'"text"', 422),
    "an array": (b"[]", 422),
    "invalid UTF-8": (b'{"address": "\xff\xfe"}', 400),
    "a NUL byte": (b'{"address": "0x\\u0000"}', 422),
    "a lone surrogate": (b'{"address": "\\ud800"}', 422),
    "a lone surrogate as name": (b'{"\\ud800": 1}', 422),
    "a number of 5,000 digits": (b'{"address": ' + b"9" * 5000 + b"}", 400),
    "2^63": (b'{"address": 9223372036854775808}', 422),
    "NaN": (b'{"address": NaN}', 422),
    "deep nesting": (DEEP, 400),
    "deep nesting in a field": (b'{"address": ' + DEEP + b"}", 400),
    "an unknown field": (json.dumps({"address": ADDRESS, "x": 1}).encode(), 422),
    "an address in lower case": (json.dumps({"address": ADDRESS.lower()}).encode(), 422),
    "an address in upper case": (json.dumps({"address": "0x" + ADDRESS[2:].upper()}).encode(), 422),
    "50 MB": (b'{"address": "' + b"a" * 50_000_000 + b'"}', 413),
}


@pytest.mark.parametrize("name", BODIES)
async def test_refuses_body(api: httpx.AsyncClient, name: str) -> None:
    body, status = BODIES[name]
    assert_problem(await api.post("/v1/auth/nonce", content=body, headers=JSON), status)


async def test_refuses_50_mb_without_content_length(api: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 1_000_000

    answer = await api.post("/v1/auth/nonce", content=chunks(), headers=JSON)
    assert_problem(answer, 413)
    assert answer.json()["limit"] == 1024 * 1024


async def test_refuses_other_content_types(api: httpx.AsyncClient) -> None:
    body = json.dumps({"address": ADDRESS}).encode()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"):
        assert_problem(await api.post("/v1/auth/nonce", content=body, headers={"Content-Type": content_type}), 422)


@pytest.mark.parametrize("depth", [32, 33])
async def test_brackets_in_strings_do_not_nest(api: httpx.AsyncClient, depth: int) -> None:
    body = json.dumps({"address": '\\"[' * 1000 + "{" * 1000}).encode()
    assert_problem(await api.post("/v1/auth/nonce", content=body, headers=JSON), 422)
    nested = b"[" * depth + b"]" * depth
    answer = await api.post("/v1/auth/nonce", content=nested, headers=JSON)
    assert_problem(answer, 422 if depth == 32 else 400)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nowhere",
        "/v1/agents/0",
        "/v1/agents/-1",
        "/v1/agents/01",
        "/v1/agents/1_0",
        "/v1/agents/9223372036854775808",
        "/v1/agents/%00",
        "/v1/agents/\uff11",
        "/v1/agents/%FF",
        "/v1/agents?owner=0x00",
        f"/v1/agents?owner={ADDRESS.lower()}",
        "/v1/agents?limit=0",
        "/v1/agents?limit=101",
        "/v1/agents?limit=x",
        "/v1/listings/1",
        "/v1/listings?q=%00",
        "/v1/listings?capability=A.b",
        "/v1/listings?agent_id=99999999999999999999",
        "/v1/announcements?after=9223372036854775808",
    ],
)
async def test_refuses_address(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert_problem(answer, 404 if path == "/v1/nowhere" else 422)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!!!",
        "bnVsbA",
        "WzFd",
        "W10",
        "W1tdXQ",
        "WyIyMDI2Il0",
        "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMCJd",
        "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwgIlx1MDAwMCJd",
        "W" * 1000,
        "W1tb" * 200,
        "é",
    ],
)
async def test_refuses_foreign_cursor(api: httpx.AsyncClient, cursor: str) -> None:
    answer = await api.get("/v1/listings", params={"cursor": cursor})
    assert_problem(answer, 400)
    assert answer.json()["type"] == "urn:guildhall:problem:bad-cursor"


async def test_refuses_cursor_beyond_bigint(api: httpx.AsyncClient) -> None:
    assert_problem(await api.get("/v1/agents", params={"cursor": "WzkyMjMzNzIwMzY4NTQ3NzU4MDhd"}), 400)
    assert_problem(await api.get("/v1/agents", params={"cursor": "W3RydWVd"}), 400)


async def test_refuses_wrong_method(api: httpx.AsyncClient) -> None:
    answer = await api.put("/v1/agents")
    assert_problem(answer, 405)
    assert "GET" in answer.headers["allow"]


async def test_refuses_tokens_that_are_none(api: httpx.AsyncClient) -> None:
    for header in ("Bearer x", "Bearer é", "Bearer " + "x" * 5000):
        headers = {b"Authorization": header.encode("latin-1")}
        answer = await api.post("/v1/listings", json={}, headers=headers)
        assert_problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    for header in ("", "Basic eDp5", "Bearer"):
        assert_problem(await api.post("/v1/listings", json={}, headers={"Authorization": header}), 401)


@pytest.mark.parametrize(
    "price",
    [1.0, True, "1e3", " 1", "1_000", "+1", "-1", -1, "01", "", "\uff11", "0x1", str(2**96), 2**96, "9" * 5000, [], {}],
)
async def test_refuses_amount(api: httpx.AsyncClient, wallet: Callable[[int], Wallet], price: object) -> None:
    headers = await wallet(0).sign_in()
    body = {"agent_id": 1, "capability": "text.sort", "title": "Sorting", "price": price}
    answer = await api.post("/v1/listings", json=body, headers=headers)
    assert_problem(answer, 422)
    assert answer.json()["errors"][0]["at"] == "body.price"


def assert_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:guildhall:problem:")
    assert document["title"]
    assert document["request_id"] == answer.headers["x-request-id"]
