"""The broker and the database go away under a running relayer, come back, and nothing is lost or doubled."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from app.chain.deployment import load
from app.chain.rpc import AsyncChain
from app.config import sqlalchemy_url
from app.database import make_engine, make_sessions
from app.migrate import migrate
from app.relayer.sender import Sender
from devnet import network
from devnet.deploy import deploy
from devnet.keys import DevelopmentKey, write_key_file
from devnet.network import Network
from devnet.processes import Processes
from tests.integration.relayer.bench import Bench, signer_of
from tests.integration.relayer.processes import start_beat, start_worker, wait_for_state, worker_environment


@pytest.fixture
def net(tmp_path: Path, run_env: dict[str, str]) -> Iterator[Network]:
    """Services of the test's own, since it kills them."""
    with network.start(tmp_path, env=run_env) as started:
        deploy(started.endpoints.rpc_url, tmp_path / "deployment.json")
        migrate(started.endpoints.database_url)
        yield started


async def test_broker_and_database_come_back(net: Network, tmp_path: Path, run_env: dict[str, str]) -> None:
    account = Account.create()
    write_key_file(tmp_path, "relayer", DevelopmentKey(account.address, "0x" + bytes(account.key).hex()))
    ends, log = net.endpoints, tmp_path / "relayer.log"
    env = run_env | worker_environment(
        ends.database_url, ends.redis_url, ends.rpc_url, tmp_path / "deployment.json", tmp_path
    )
    engine = make_engine(sqlalchemy_url(ends.database_url))
    async with AsyncChain([ends.rpc_url]) as chain:
        await chain.request("anvil_setBalance", account.address, hex(10**20))
        deployment = load(tmp_path / "deployment.json")
        bench = Bench(Sender(make_sessions(engine), chain, deployment.chain_id, signer_of(account)), engine, deployment)
        with Processes() as processes:
            start_worker(processes, env, tmp_path)
            start_beat(processes, env, tmp_path)
            await wait_for_state(bench, await bench.enqueue("before"), log, "mined", "final")
            for service in (net.valkey, net.postgres):
                assert service is not None
                await asyncio.to_thread(service.kill)
                await asyncio.to_thread(service.start)
                await engine.dispose()
                intent_id = await bench.enqueue(f"after {service.name}")
                await wait_for_state(bench, intent_id, log, "mined", "final")
            assert processes.failed() == []
        assert [row.attempt for row in await bench.transactions()] == [0, 0, 0]
        assert await chain.nonce(bench.sender.address) == 3
    await engine.dispose()
