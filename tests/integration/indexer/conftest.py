"""Each module has a chain that mines only at transactions, so that a test knows every block."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.chain import contracts
from app.chain import deployment as deployments
from app.chain.typed_data import ZERO_HASH
from devnet import network
from devnet.anvil import Mining
from devnet.deploy import deploy
from devnet.processes import Service
from devnet.rpc import Chain
from tests.conftest import Anvil, Postgres
from tests.integration.indexer.world import AGENT, BUYER, Mirror, World


@pytest.fixture
def anvil(tmp_path: Path, run_env: dict[str, str]) -> Iterator[Anvil]:
    """Finalized is the head less eight blocks."""
    mining = Mining(block_seconds=None, mixed=False, slots_in_an_epoch=4)
    service, url = network.start_anvil(tmp_path / "chain", run_env, None, network.ANY_PORTS, False, mining)
    assert service is not None
    yield Anvil(service, url)
    service.stop()


@pytest.fixture
def rpc_url(anvil: Anvil) -> str:
    return anvil.rpc_url


@pytest.fixture
def deployment_path(tmp_path: Path) -> Path:
    return tmp_path / "deployment.json"


@pytest.fixture
def world(anvil: Anvil, deployment_path: Path) -> Iterator[World]:
    deploy(anvil.rpc_url, deployment_path)
    with Chain(anvil.rpc_url) as chain:
        yield World(chain, deployments.load(deployment_path))


@pytest.fixture
def mirror(
    postgres: Postgres,
    migrated_template: str,
    anvil: Anvil,
    deployment_path: Path,
    run_env: dict[str, str],
    tmp_path: Path,
) -> Mirror:
    url = postgres.create_database(migrated_template)
    return Mirror(url, anvil.rpc_url, deployment_path, run_env, tmp_path)


@pytest.fixture
def start() -> Iterator[Callable[[Service], Service]]:
    """Starts a process that is stopped after the test."""
    with ExitStack() as stack:

        def started(service: Service) -> Service:
            service.start()
            stack.callback(service.stop)
            return service

        yield started


@pytest.fixture
def mirrored(world: World, mirror: Mirror, start: Callable[[Service], Service]) -> Mirror:
    """A rated task, an open one, and a payment that stayed owed."""
    agent_id = world.register()
    first, second, third = world.terms(), world.terms(), world.terms(agent=AGENT.address)
    world.fund(first)
    world.award(first, agent_id, price=8_000_000)
    world.act(AGENT, contracts.submit(first, agent_id, ZERO_HASH, b""))
    world.act(BUYER, contracts.release(first, 8_000_000, b""))
    world.rate(first, agent_id)
    world.fund(second)
    world.fund(third)
    world.act(AGENT, contracts.submit(third, agent_id, ZERO_HASH, b""))
    world.blacklist(AGENT.address)
    world.act(BUYER, contracts.release(third, 1_000_000, b""))
    start(mirror.indexer())
    mirror.catch_up(world.chain)
    return mirror
