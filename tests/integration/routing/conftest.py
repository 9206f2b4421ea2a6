"""`api` with agents on loopback, and a `shop` in it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from app.config import Settings
from devnet.keys import Role, role_key, write_key_file
from tests.integration.api import Wallet, execute, running_api
from tests.integration.routing.shop import Shop

TABLES = (
    *("market.calls", "market.listings", "chain.agents", "market.judged_agents"),
    *("chain.channels", "market.channel_books", "market.channel_vouchers"),
)


@pytest.fixture
async def api(
    settings: Settings, database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with Redis.from_url(redis_url) as redis:
        for key in [each async for each in redis.scan_iter("guildhall:routing:*")]:
            await redis.delete(key)
    for table in TABLES:
        execute(database_url, f"DELETE FROM {table}")
    key = write_key_file(tmp_path, "sequencer", role_key(Role.SEQUENCER))
    async with running_api(
        settings.model_copy(update={"private_endpoints": True, "sequencer_key_file": key})
    ) as client:
        yield client


@pytest.fixture
def shop(api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str) -> Shop:
    return Shop(api, wallet(0), wallet(2), database_url)
