"""`settings` and `api`: the application on the module's database, chain and contracts; `market`: people in it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from app.config import Settings
from devnet.deploy import Deployment
from devnet.keys import Role, participant_key, role_key, write_key_file
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
    """The application with an auctioneer, and everybody signed in."""
    key_file = write_key_file(tmp_path, "auctioneer", role_key(Role.AUCTIONEER))
    with_auctioneer = settings.model_copy(update={"auctioneer_key_file": key_file})
    async with running_api(with_auctioneer) as client:
        yield await open_market(client, with_auctioneer, database_url)
