"""The audit finds each row that is not what its logs say, and nothing where all is well."""

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from app.chain import contracts
from app.chain.typed_data import ZERO_HASH
from devnet.processes import Service
from indexer.audit import OPTIONS, Difference, differences
from tests.integration.indexer.world import AGENT, BUYER, Mirror, World

Start = Callable[[Service], Service]


@pytest.fixture
def mirrored(world: World, mirror: Mirror, start: Start) -> Mirror:
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


def audited(world: World, mirror: Mirror) -> list[Difference]:
    with psycopg.connect(mirror.database_url, options=OPTIONS) as connection:
        return list(differences(connection, world.deployment))


def change(mirror: Mirror, statement: str) -> None:
    with psycopg.connect(mirror.database_url) as connection:
        assert connection.execute(statement.encode()).rowcount == 1


def test_finds_nothing_where_all_is_well(world: World, mirrored: Mirror) -> None:
    assert len(mirrored.rows("SELECT 1 FROM chain.owed")) == 1
    assert audited(world, mirrored) == []


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE chain.escrows SET paid = paid + 1 WHERE state = 5", "escrows"),
        ("DELETE FROM chain.escrows WHERE state = 5", "escrows"),
        ("UPDATE chain.owed SET amount = amount - 1", "owed"),
        ("DELETE FROM chain.agent_events WHERE name = 'Transfer'", "agent_events"),
        ("UPDATE chain.agents SET uri = 'https://elsewhere.example'", "agents"),
        ("DELETE FROM chain.feedback", "feedback"),
        (
            "INSERT INTO chain.owed (owner, amount, last_block) VALUES (decode(repeat('ff', 20), 'hex'), 1, 1)",
            "owed",
        ),
        ("INSERT INTO chain.quarantine VALUES (1, 0, '\\x00', '\\x00', 'nothing')", "quarantine"),
    ],
)
def test_finds_a_row_that_no_event_made(world: World, mirrored: Mirror, statement: str, where: str) -> None:
    change(mirrored, statement)
    (found,) = audited(world, mirrored)
    assert found.where.startswith(where)


def test_finds_an_event_that_no_log_says(world: World, mirrored: Mirror) -> None:
    change(mirrored, "UPDATE chain.feedback_events SET args = args || '{\"value\": \"4\"}' WHERE name = 'NewFeedback'")
    assert {found.where.split()[0] for found in audited(world, mirrored)} == {"feedback_events", "feedback"}


def test_the_command_says_how_many(world: World, mirrored: Mirror) -> None:
    change(mirrored, "UPDATE chain.owed SET amount = amount - 1")
    command = mirrored.indexer("audit")
    command.command = replace(command.command, argv=[*command.command.argv, "audit"])
    command.start()
    assert command.wait(20) == 1
    assert command.command.log is not None
    assert "differences=1" in command.command.log.read_text()
