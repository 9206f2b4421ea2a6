"""A running API process."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from devnet.deploy import Deployment
from devnet.keys import write_token_keys
from devnet.processes import Command, Service
from tests.conftest import ROOT
from tests.integration.api import mirror_clock


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def served(
    database_url: str,
    redis_url: str,
    rpc_url: str,
    deployment: Deployment,
    deployment_file: Path,
    tmp_path: Path,
    run_env: dict[str, str],
) -> Iterator[tuple[Service, str]]:
    mirror_clock(database_url, block=1, timestamp=1_800_000_000, finalized=0)
    url = f"http://127.0.0.1:{free_port()}"
    env = run_env | {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "RPC_URLS": rpc_url,
        "DEPLOYMENT_FILE": str(deployment_file),
        "CONTENT_DIR": str(tmp_path / "content"),
        "TOKEN_KEYS_FILE": str(write_token_keys(tmp_path / "keys")),
        "PUBLIC_URL": url,
        "API_PORT": url.rpartition(":")[2],
    }

    def ready() -> bool:
        try:
            return httpx.get(f"{url}/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    command = Command("api", [sys.executable, "-m", "app.main"], env, tmp_path / "api.log", ready, cwd=ROOT)
    service = Service(command)
    service.start()
    try:
        yield service, url
    finally:
        service.stop()
