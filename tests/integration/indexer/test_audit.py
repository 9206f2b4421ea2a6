"""The audit finds each row that is not what its logs say, and nothing where all is well."""

import pytest

from tests.integration.indexer.world import Mirror, World, audited, change


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
    command = mirrored.command("audit")
    command.start()
    assert command.wait(20) == 1
    assert command.command.log is not None
    assert "differences=1" in command.command.log.read_text()
