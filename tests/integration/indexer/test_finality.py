"""A node that knows no finalized block: nothing is called final by mistake, and nobody wonders why."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from devnet.ports import free_port
from devnet.processes import Service
from tests.conftest import Anvil
from tests.integration.indexer.simulator.proxy import Faults, proxy
from tests.integration.indexer.world import Mirror, World, wait_until

Start = Callable[[Service], Service]


@pytest.fixture
def untagged(anvil: Anvil) -> Iterator[str]:
    with proxy(anvil.rpc_url, Faults(always="no finalized")) as url:
        yield url


def test_refuses_to_guess_what_is_final(world: World, mirror: Mirror, untagged: str) -> None:
    indexer = mirror.indexer(RPC_URLS=untagged)
    indexer.start()
    assert indexer.wait(20) == 2
    log = indexer.command.log
    assert log is not None
    assert "ACCEPT_PENDING_FOREVER" in log.read_text()


def test_mirrors_without_finality_when_told_to(world: World, mirror: Mirror, untagged: str, start: Start) -> None:
    port = free_port()
    world.fund(world.terms())
    world.mine(20)
    start(mirror.indexer(RPC_URLS=untagged, ACCEPT_PENDING_FOREVER="true", INDEXER_PORT=str(port)))
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT finalized_number < (SELECT min(block_number) FROM chain.logs) FROM chain.cursors") == [
        (True,)
    ]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as probe:
        wait_until(lambda: probe.get("/readyz").status_code == 200, "it is ready")
        told = probe.get("/readyz").json()
        assert told["leader"]
        assert "nothing ever becomes final" in told["finality"]
        assert told["block"] == world.chain.block_number()
        assert "guildhall_indexer_events_total" in probe.get("/metrics").text


def test_counts_blocks_when_told_to(world: World, mirror: Mirror, untagged: str, start: Start) -> None:
    world.mine(20)
    start(mirror.indexer(RPC_URLS=untagged, FINALITY_DEPTH="5"))
    mirror.catch_up(world.chain)
    head = world.chain.block_number()
    wait_until(lambda: mirror.rows("SELECT finalized_number FROM chain.cursors") == [(head - 5,)], "5 blocks behind")
