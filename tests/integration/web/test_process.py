"""`python -m app.main` over real HTTP: large bodies, a client that leaves, and a quick end on SIGTERM."""

import socket
import time
from pathlib import Path

import httpx
import pytest

from devnet.keys import participant_key
from devnet.processes import Service
from tests.integration.api import Wallet, settings_for


async def test_serves_refuses_and_ends(served: tuple[Service, str], tmp_path: Path) -> None:
    service, url = served
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        wallet = Wallet(participant_key(0), client)
        headers = await wallet.sign_in()
        large = await client.post("/v1/listings", content=b"x" * 50_000_000, headers=headers)
        assert (large.status_code, large.json()["type"]) == (413, "urn:guildhall:problem:body-too-large")
        too_large = await client.post("/v1/content", content=b"x" * 50_000_000, headers=headers)
        assert (too_large.status_code, too_large.json()["type"]) == (413, "urn:guildhall:problem:content-too-large")
        stored = await client.post("/v1/content", content=b"x" * 25_000_000, headers=headers)
        assert stored.status_code == 201
        read = await client.get(f"/v1/content/{stored.json()['digest']}", headers=headers)
        assert len(read.content) == 25_000_000
        leave_in_the_middle(url, headers["Authorization"])
        answer = await client.get("/healthz")
        assert answer.status_code == 200
        assert "server" not in answer.headers
    started = time.monotonic()
    service.stop()
    assert time.monotonic() - started < 4
    assert "Traceback" not in (tmp_path / "api.log").read_text()
    assert not list((tmp_path / "content" / "incoming").iterdir())


def leave_in_the_middle(url: str, authorization: str) -> None:
    """Starts an upload and closes the connection before its end."""
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        head = (
            f"POST /v1/content HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Length: 1000000\r\n\r\n"
        )
        connection.sendall(head.encode() + b"x" * 1000)


def test_refuses_to_start_in_production_without_https(
    database_url: str, redis_url: str, rpc_url: str, tmp_path: Path
) -> None:
    made = settings_for(database_url, redis_url, rpc_url, tmp_path / "none", tmp_path)
    with pytest.raises(Exception, match="PUBLIC_URL"):
        type(made)(**made.model_dump() | {"environment": "production"})
