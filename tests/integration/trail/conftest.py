"""A trail in a database of its own for each test, and a relayer that carries its anchors to a real chain."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from eth_account import Account

from app.boundary import WorkerRuntime
from app.chain.rpc import AsyncChain
from app.database import make_engine, make_sessions
from app.relayer.sender import Sender
from tests.conftest import Postgres
from tests.integration.api import settings_for
from tests.integration.relayer.bench import signer_of
from tests.integration.trail.world import Trail


@pytest.fixture
async def trail(
    postgres: Postgres, migrated_template: str, redis_url: str, rpc_url: str, tmp_path: Path
) -> AsyncIterator[Trail]:
    url = postgres.create_database(migrated_template)
    settings = settings_for(url, redis_url, rpc_url, tmp_path / "unused.json", tmp_path / "content")
    engine, account = make_engine(settings.sqlalchemy_url), Account.create()
    async with AsyncChain([rpc_url], timeout_seconds=5) as chain:
        await chain.request("anvil_setBalance", account.address, hex(10**20))
        sender = Sender(make_sessions(engine), chain, await chain.chain_id(), signer_of(account))
        yield Trail(url, WorkerRuntime(settings, engine, sender.sessions), sender)
    await engine.dispose()
