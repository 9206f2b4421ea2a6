"""A relayer on a real chain and database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from sqlalchemy.ext.asyncio import AsyncEngine

from app.boundary import WorkerRuntime
from app.chain.deployment import Deployment, load
from app.chain.rpc import AsyncChain
from app.config import Settings, sqlalchemy_url
from app.database import make_engine, make_sessions
from app.relayer.sender import Sender
from tests.integration.relayer.bench import Bench, MakeRuntime, signer_of
from tests.integration.relayer.pool import Pool, pool_proxy


@pytest.fixture
def contracts(deployment: object, deployment_file: Path) -> Deployment:
    return load(deployment_file)


@pytest.fixture
def pool() -> Pool:
    """Polygon's rules; a test may make it unkind."""
    return Pool()


@pytest.fixture
def pool_url(rpc_url: str, pool: Pool) -> Iterator[str]:
    """The node behind that pool."""
    with pool_proxy(rpc_url, pool) as url:
        yield url


@pytest.fixture
async def chain(pool_url: str) -> AsyncIterator[AsyncChain]:
    async with AsyncChain([pool_url], timeout_seconds=5) as client:
        yield client


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = make_engine(sqlalchemy_url(database_url))
    yield made
    await made.dispose()


@pytest.fixture
async def bench(chain: AsyncChain, engine: AsyncEngine, contracts: Deployment) -> Bench:
    account = Account.create()
    await chain.request("anvil_setBalance", account.address, hex(10**20))
    await chain.request("anvil_mine", hex(12))  # a reorg within a test must not take the money away
    sender = Sender(make_sessions(engine), chain, contracts.chain_id, signer_of(account))
    return Bench(sender, engine, contracts)


@pytest.fixture
def worker_runtime(bench: Bench, deployment_file: Path, pool_url: str, redis_url: str, tmp_path: Path) -> MakeRuntime:
    """On the bench's chain and database."""

    def make(**keys: Any) -> WorkerRuntime:
        settings = Settings(
            environment="development",
            database_url="postgresql://not/used",
            redis_url=redis_url,
            rpc_urls=pool_url,
            deployment_file=deployment_file,
            content_dir=tmp_path,
            public_url="http://127.0.0.1:8000",
            gas_start_wei=10**18,
            **keys,
        )
        return WorkerRuntime(settings, bench.engine, bench.sender.sessions)

    return make
