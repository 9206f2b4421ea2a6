"""Every route of the OpenAPI document, given values that no schema wants: never a 500, always a problem."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from tests.integration.api import Wallet

ZERO_HASH = "0x" + "00" * 32
PLACES = ("0", "-1", "9223372036854775808", "%00", "%FF", "%ED%A0%80", "0x" + "AB" * 32, "x" * 3000)
VALUES: tuple[Any, ...] = (None, True, -1, 1.5, 2**63, 2**256, "", "\0", "\ud800", ZERO_HASH, "1e5", [], {}, [[[]]])
LISTS = ("cursor=WzFd", "cursor=%00", "limit=9223372036854775808", "cursor=" + "W" * 2000)


async def test_never_answers_500(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    headers = await wallet(0).sign_in() | {"Content-Type": "application/json"}
    document = (await api.get("/openapi.json")).json()
    failures: list[str] = []
    asked = 0
    for method, target, body in requests(document):
        answer = await api.request(method, target, content=body, headers=headers)
        failures += faults(answer, f"{method} {target[:100]} {body[:200]!r}")
        asked += 1
    assert failures == []
    assert asked > 500, asked


def requests(document: dict[str, Any]) -> Iterator[tuple[str, str, bytes]]:
    """Each wrong place with an empty body, and in a right place each wrong query and each wrong body."""
    for method, path, operation in operations(document):
        if "{" in path:
            yield from ((method, filled(path, place), b"{}") for place in PLACES)
        target = filled(path, "1" if "agent_id" in path else ZERO_HASH)
        yield from ((method, target, body) for body in bodies(document, operation))
        yield from ((method, f"{target}?{query}", b"") for query in queries(operation))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation; signing out would end the test's own session."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path not in ("/v1/auth/session", "/readyz"):
                yield method.upper(), path, operation


def filled(path: str, place: str) -> str:
    """The path with every parameter replaced."""
    while "{" in path:
        path = path[: path.index("{")] + place + path[path.index("}") + 1 :]
    return path


def bodies(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[bytes]:
    """Nothing, rubbish, and each field of the schema with each wrong value."""
    yield b""
    if "requestBody" not in operation:
        return
    yield from (b"null", b"[]", b"{}", b"\xff", b"[" * 50)
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    fields = resolved(document, schema).get("properties", {})
    for value in VALUES:
        yield json.dumps(dict.fromkeys(fields, value)).encode()
        for name, field in fields.items():
            nested = resolved(document, field).get("properties", {})
            if nested:
                yield json.dumps(dict.fromkeys(fields, "1") | {name: dict.fromkeys(nested, value)}).encode()


def queries(operation: dict[str, Any]) -> Iterator[str]:
    """Each query parameter with wrong values."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            yield from (f"{parameter['name']}={place[:200]}" for place in PLACES[1:5])
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", [])):
        yield from LISTS


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference."""
    reference = schema.get("$ref")
    return dict(document["components"]["schemas"][reference.rsplit("/", 1)[1]]) if reference else schema


def faults(answer: httpx.Response, asked: str) -> list[str]:
    """What is wrong with the answer, if anything."""
    if answer.status_code >= 500:
        return [f"{asked}: {answer.status_code} {answer.text[:300]}"]
    problem = answer.headers.get("content-type") == "application/problem+json"
    return [f"{asked}: no problem document"] if answer.status_code >= 400 and not problem else []
