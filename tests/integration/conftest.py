"""`settings` and `api`: the application on the module's database, chain and contracts; `market`: people in it;
`served`: a process of its own.
"""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.config import Settings
from devnet.deploy import Deployment
from devnet.keys import Role, participant_key, role_key, write_key_file, write_token_keys
from devnet.ports import free_port
from devnet.processes import Command, Service
from tests.conftest import ROOT
from tests.integration.api import Wallet, mirror_clock, running_api, settings_for
from tests.integration.market import Market, open_market

CHAIN_TIME = 1_800_000_000


@pytest.fixture
def settings(
    database_url: str, redis_url: str, rpc_url: str, deployment: Deployment, deployment_file: Path, tmp_path: Path
) -> Settings:
    mirror_clock(database_url, block=100, timestamp=CHAIN_TIME, finalized=92)
    return settings_for(database_url, redis_url, rpc_url, deployment_file, tmp_path / "content")


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(settings) as client:
        yield client


@pytest.fixture
def wallet(api: httpx.AsyncClient) -> Callable[[int], Wallet]:
    """wallet(0), wallet(1), ...: participants who sign for `api`."""
    return lambda number: Wallet(participant_key(number), api)


@pytest.fixture
async def market(settings: Settings, database_url: str, tmp_path: Path) -> AsyncIterator[Market]:
    """The application with an auctioneer and a sequencer, and everybody signed in."""
    files = {
        "auctioneer_key_file": write_key_file(tmp_path, "auctioneer", role_key(Role.AUCTIONEER)),
        "sequencer_key_file": write_key_file(tmp_path, "sequencer", role_key(Role.SEQUENCER)),
    }
    with_keys = settings.model_copy(update=files)
    async with running_api(with_keys) as client:
        yield await open_market(client, with_keys, database_url)


@pytest.fixture
def also_set() -> dict[str, str]:
    """Settings of `served` beside the usual ones; a module overrides it."""
    return {}


@pytest.fixture
def served(
    database_url: str,
    redis_url: str,
    rpc_url: str,
    deployment: Deployment,
    deployment_file: Path,
    tmp_path: Path,
    run_env: dict[str, str],
    also_set: dict[str, str],
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
    env |= also_set

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
