"""After a reorg the mirror is what a fresh one would be."""

from collections.abc import Callable

import pytest

from app.chain import contracts
from app.chain.typed_data import ZERO_HASH, task_id
from app.escrow.rules import State
from devnet.processes import Service
from tests.conftest import Anvil, Postgres
from tests.integration.indexer.world import AGENT, BUDGET, BUYER, Mirror, World

Start = Callable[[Service], Service]


@pytest.fixture
def fresh(mirror: Mirror, postgres: Postgres, migrated_template: str) -> Mirror:
    """A second database for the same chain."""
    return mirror.on(postgres.create_database(migrated_template))


def same_as_fresh(mirror: Mirror, fresh: Mirror, world: World, start: Start) -> None:
    start(fresh.indexer("fresh"))
    fresh.catch_up(world.chain)
    assert mirror.dump() == fresh.dump()


@pytest.mark.parametrize("depth", [1, 4, 7])
def test_equals_a_fresh_mirror_after_a_reorg(
    world: World, mirror: Mirror, fresh: Mirror, start: Start, depth: int
) -> None:
    start(mirror.indexer())
    agent_id = world.register()
    terms = world.terms(agent=AGENT.address)
    world.fund(terms)
    world.act(AGENT, contracts.submit(terms, agent_id, ZERO_HASH, b""))
    world.blacklist(AGENT.address)
    world.act(BUYER, contracts.release(terms, 1, b""))
    world.act(BUYER, contracts.release(terms, BUDGET - 1, b""))
    mirror.catch_up(world.chain)
    world.reorg(depth)
    mirror.catch_up(world.chain)
    if depth == 4:
        # Back to the funded task: it ends another way now.
        world.act(BUYER, contracts.cancel(terms, b""))
    mirror.catch_up(world.chain)
    same_as_fresh(mirror, fresh, world, start)


def test_drops_a_task_whose_funding_is_gone(world: World, mirror: Mirror, start: Start) -> None:
    start(mirror.indexer())
    terms = world.terms()
    world.fund(terms)
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT state FROM chain.escrows") == [(State.FUNDED,)]
    block = world.chain.block_number()
    world.reorg(2)
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT state FROM chain.escrows") == []
    said = mirror.rows("SELECT subject, payload FROM market.announcements WHERE topic = 'chain.reorged'")
    assert said == [(f"task:{task_id(terms, world.deployment)}", {"from_block": block - 1, "to_block": block})]


def test_handles_a_reorg_that_happened_while_it_was_down(
    world: World, mirror: Mirror, fresh: Mirror, start: Start
) -> None:
    indexer = start(mirror.indexer())
    terms = world.terms()
    world.fund(terms)
    mirror.catch_up(world.chain)
    indexer.stop()
    world.reorg(3)
    world.mine(1)
    indexer.start()
    mirror.catch_up(world.chain)
    same_as_fresh(mirror, fresh, world, start)


def test_follows_a_chain_that_became_shorter(world: World, mirror: Mirror, start: Start) -> None:
    start(mirror.indexer())
    snapshot = world.chain.ask("evm_snapshot")
    world.fund(world.terms())
    mirror.catch_up(world.chain)
    world.chain.ask("evm_revert", snapshot)
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT count(*) FROM chain.escrows") == [(0,)]


def test_lies_after_a_reorg_when_switched_off(world: World, mirror: Mirror, start: Start) -> None:
    start(mirror.indexer(REORG_HANDLING="off"))
    world.fund(world.terms())
    mirror.catch_up(world.chain)
    world.reorg(2)
    world.mine(1)
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT state FROM chain.escrows") == [(State.FUNDED,)]


def test_halts_on_a_reorg_below_finality(world: World, mirror: Mirror, start: Start) -> None:
    world.mine(20)
    indexer = start(mirror.indexer())
    mirror.catch_up(world.chain)
    world.reorg(12)
    assert indexer.wait(20) == 3
    (row,) = mirror.rows("SELECT halted, block_number - finalized_number FROM chain.cursors")
    assert "final" in row[0]
    assert row[1] == 8


def test_halts_when_the_chain_came_back_behind_the_database(
    world: World, mirror: Mirror, start: Start, anvil: Anvil
) -> None:
    world.mine(20)
    indexer = start(mirror.indexer())
    mirror.catch_up(world.chain)
    indexer.stop()
    anvil.service.restart()
    indexer.start()
    assert indexer.wait(20) == 4
    log = indexer.command.log
    assert log is not None
    assert "scripts/up --fresh" in log.read_text()
