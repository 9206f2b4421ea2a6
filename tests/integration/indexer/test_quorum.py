"""With RPC_QUORUM a block is final once several nodes tell the same of it, and of what is mirrored."""

from collections.abc import Callable

import pytest

from devnet.processes import Service
from tests.integration.indexer.simulator.proxy import CHANGED, Faults, proxy
from tests.integration.indexer.test_auditor import FIRST_LOG
from tests.integration.indexer.world import Mirror, World, audited, change, wait_until

Start = Callable[[Service], Service]


def final(mirror: Mirror) -> int:
    found: int = mirror.rows("SELECT coalesce(max(finalized_number), -1) FROM chain.cursors")[0][0]
    return found


def test_what_two_nodes_tell_alike_becomes_final(world: World, mirror: Mirror, start: Start) -> None:
    funded = world.fund(world.terms())
    with proxy(mirror.rpc_url, Faults()) as second:
        start(mirror.indexer(RPC_URLS=f"{mirror.rpc_url},{second}", RPC_QUORUM="2"))
        world.mine(20)
        wait_until(lambda: final(mirror) > funded, "it is final")
    assert audited(world, mirror) == []


@pytest.mark.parametrize("liar_first", [False, True])
def test_nothing_is_final_while_one_node_tells_otherwise(
    world: World, mirror: Mirror, start: Start, liar_first: bool
) -> None:
    before = world.chain.block_number()
    funded = world.fund(world.terms())
    faults = Faults(always=CHANGED)
    with proxy(mirror.rpc_url, faults) as liar, proxy(mirror.rpc_url, Faults()) as honest:
        urls = (liar, honest) if liar_first else (honest, liar)
        indexer = start(mirror.indexer(RPC_URLS=",".join(urls), RPC_QUORUM="2"))
        world.mine(20)
        mirror.catch_up(world.chain)
        log = indexer.command.log
        assert log is not None
        wait_until(lambda: "the nodes tell different things" in log.read_text(), "it is said")
        assert final(mirror) < funded
        assert final(mirror) <= before
        faults.always = None
        wait_until(lambda: final(mirror) > funded, "it is final once they agree")
    # Where the liar was asked first the mirror held what it told, until both told the same against it.
    assert audited(world, mirror) == []
    assert mirror.rows("SELECT 1 FROM chain.quarantine") == []


def test_what_is_mirrored_wrongly_is_read_again_before_it_is_final(world: World, mirror: Mirror, start: Start) -> None:
    first = start(mirror.indexer("first"))
    funded = world.fund(world.terms())
    mirror.catch_up(world.chain)
    first.stop()
    assert final(mirror) < funded
    change(mirror, f"UPDATE chain.logs SET tx_index = tx_index + 1 WHERE {FIRST_LOG}")
    with proxy(mirror.rpc_url, Faults()) as second:
        start(mirror.indexer(RPC_URLS=f"{mirror.rpc_url},{second}", RPC_QUORUM="2"))
        world.mine(20)
        wait_until(lambda: final(mirror) > funded, "it is final")
    assert audited(world, mirror) == []
    assert mirror.rows("SELECT max(tx_index) FROM chain.logs") == [(0,)]


def test_one_node_that_does_not_answer_holds_finality_and_nothing_else(
    world: World, mirror: Mirror, start: Start
) -> None:
    funded = world.fund(world.terms())
    start(mirror.indexer(RPC_URLS=f"{mirror.rpc_url},http://127.0.0.1:9", RPC_QUORUM="2"))
    world.mine(20)
    mirror.catch_up(world.chain)
    world.mine(1)
    mirror.catch_up(world.chain)
    assert final(mirror) < funded


def test_a_quorum_needs_different_nodes(mirror: Mirror) -> None:
    indexer = mirror.indexer(RPC_URLS=f"{mirror.rpc_url},{mirror.rpc_url}", RPC_QUORUM="2")
    indexer.spawn()
    assert indexer.wait(20) != 0
    log = indexer.command.log
    assert log is not None
    assert "RPC_QUORUM" in log.read_text()
