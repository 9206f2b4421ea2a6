"""A mirror that was far behind says what one that followed all along says."""

from collections.abc import Callable

from app.chain import contracts
from app.chain.typed_data import ZERO_HASH
from devnet.processes import Service
from tests.conftest import Postgres
from tests.integration.indexer.world import AGENT, BUYER, Mirror, World

Start = Callable[[Service], Service]
SAID = """
SELECT topic, subject, payload FROM market.announcements WHERE topic NOT IN ('chain.reorged', 'chain.finalized')
ORDER BY id
"""


def act_over_many_blocks(world: World) -> None:
    """One task whose events lie far apart, and neighbours enough for many rows at once."""
    agent_id = world.register()
    spread = world.terms()
    world.fund(spread)
    world.mine(300)
    world.award(spread, agent_id, price=8_000_000)
    for _ in range(3):
        hired = world.terms(agent=AGENT.address)
        world.fund(hired)
        world.act(AGENT, contracts.submit(hired, agent_id, ZERO_HASH, b""))
    world.mine(300)
    world.act(AGENT, contracts.submit(spread, agent_id, ZERO_HASH, b""))
    world.act(BUYER, contracts.release(spread, 8_000_000, b""))
    world.rate(spread, agent_id)
    world.mine(300)


def test_equals_a_mirror_that_followed(
    world: World, mirror: Mirror, postgres: Postgres, migrated_template: str, start: Start
) -> None:
    start(mirror.indexer("following"))
    act_over_many_blocks(world)
    mirror.catch_up(world.chain)
    late = mirror.on(postgres.create_database(migrated_template))
    indexer = start(late.indexer("late"))
    late.catch_up(world.chain)
    log = indexer.command.log
    assert log is not None
    assert "backfill block=" in log.read_text()
    assert late.dump() == mirror.dump()
    assert late.rows(SAID) == mirror.rows(SAID)
