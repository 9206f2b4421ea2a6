"""`refold` makes every row anew from the raw logs, whatever else happens meanwhile."""

import signal
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from devnet.processes import Service
from indexer import beside
from indexer.fetch import Range
from indexer.follow import Case
from indexer.raw_logs import reading_logs
from indexer.rebuild import Rebuild
from indexer.store import Store, connect
from tests.conftest import Postgres
from tests.integration.indexer.test_write import CHAIN_ID, DEPLOYMENT, FIRST, batch, owed, stored
from tests.integration.indexer.world import Mirror, World, audited, change, wait_until

WRONG = (
    "UPDATE chain.escrows SET paid = paid + 1 WHERE state = 5",
    "DELETE FROM chain.owed",
    "UPDATE chain.agents SET uri = 'https://elsewhere.example'",
    "UPDATE chain.feedback_events SET args = args || '{\"value\": \"4\"}' WHERE name = 'NewFeedback'",
    "DELETE FROM chain.agent_events WHERE name = 'Transfer'",
    "INSERT INTO chain.quarantine VALUES (1, 0, '\\x00', '\\x00', 'nothing')",
)
SHAPES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'chain' ORDER BY 1",
    "SELECT relname, reloptions, relacl::text FROM pg_class WHERE relnamespace = 'chain'::regnamespace ORDER BY 1",
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'chain'::regnamespace "
    "ORDER BY conrelid::regclass::text, 1",
    "SELECT table_name, column_name, column_default, is_nullable, data_type FROM information_schema.columns "
    "WHERE table_schema = 'chain' ORDER BY table_name, ordinal_position",
)


def said(service: Service) -> str:
    assert service.command.log is not None
    return service.command.log.read_text()


def refold(mirror: Mirror) -> None:
    command = mirror.command("refold")
    command.start()
    assert command.wait(30) == 0, said(command)
    assert "refolded block=" in said(command)


def test_mends_rows_that_no_log_made(world: World, mirrored: Mirror) -> None:
    right = mirrored.dump()
    for statement in WRONG:
        change(mirrored, statement)
    assert len(audited(world, mirrored)) >= len(WRONG)
    refold(mirrored)
    assert mirrored.dump() == right
    assert audited(world, mirrored) == []
    assert mirrored.rows("SELECT subject FROM market.announcements WHERE topic = 'chain.refolded'") == [
        ("chain:31337",)
    ]


def test_the_new_tables_have_the_shape_of_the_old_ones(world: World, mirrored: Mirror) -> None:
    before = [mirrored.rows(query) for query in SHAPES]
    old = mirrored.rows("SELECT 'chain.escrows'::regclass::oid")
    refold(mirrored)
    assert [mirrored.rows(query) for query in SHAPES] == before
    assert mirrored.rows("SELECT 'chain.escrows'::regclass::oid") != old
    assert mirrored.rows("SELECT nspname FROM pg_namespace WHERE nspname = 'chain_beside'") == []


@pytest.mark.parametrize("point", ["indexer.mid_refold", "indexer.mid_swap"])
def test_killed_on_its_way_it_leaves_the_old_tables_whole(world: World, mirrored: Mirror, point: str) -> None:
    right = mirrored.dump()
    change(mirrored, WRONG[0])
    old = mirrored.dump()
    command = mirrored.command("refold", FAULT_AT=point)
    command.start()
    assert command.wait(30) == 128 + signal.SIGKILL
    assert (mirrored.folder / point).exists()
    assert mirrored.dump() == old
    refold(mirrored)
    assert mirrored.dump() == right


def test_a_leader_goes_on_meanwhile(world: World, mirrored: Mirror) -> None:
    """Also through a reorg of what is not final, and afterwards on the new tables."""
    change(mirrored, WRONG[0])
    world.mine(10)
    mirrored.catch_up(world.chain)
    command = mirrored.command("refold", FAULT_AT="indexer.mid_refold:hang")
    command.start()
    wait_until(Path(mirrored.folder / "indexer.mid_refold").exists, "it folds")
    world.fund(world.terms())
    world.reorg(2)
    world.fund(world.terms())
    mirrored.catch_up(world.chain)
    (mirrored.folder / "indexer.resume").touch()
    assert command.wait(30) == 0, said(command)
    assert audited(world, mirrored) == []
    world.fund(world.terms())
    mirrored.catch_up(world.chain)
    assert audited(world, mirrored) == []


def test_a_second_one_refuses(world: World, mirrored: Mirror) -> None:
    first = mirrored.command("refold", FAULT_AT="indexer.mid_refold:hang")
    first.start()
    wait_until(Path(mirrored.folder / "indexer.mid_refold").exists, "it folds")
    second = mirrored.command("refold")
    second.start()
    assert second.wait(30) == 2
    assert "Another refold" in said(second)
    (mirrored.folder / "indexer.resume").touch()
    assert first.wait(30) == 0


def test_the_swap_waits_for_a_reader(world: World, mirrored: Mirror) -> None:
    change(mirrored, WRONG[0])
    command = mirrored.command("refold")
    with psycopg.connect(mirrored.database_url) as reader:
        before = reader.execute("SELECT sum(paid) FROM chain.escrows").fetchall()
        command.start()
        wait_until(lambda: "swap waits" in said(command), "it waits")
        assert reader.execute("SELECT sum(paid) FROM chain.escrows").fetchall() == before
    assert command.wait(30) == 0
    assert audited(world, mirrored) == []


async def test_begins_anew_after_a_reorg_of_what_was_folded(postgres: Postgres, migrated_template: str) -> None:
    """A settled block that went is not in the tables that the swap would bring."""
    url = postgres.create_database(migrated_template)
    async with connect(url) as leading, connect(url, role=None) as connection, reading_logs(url) as reader:
        store = Store(leading, CHAIN_ID)
        await store.begin(FIRST, 0, 0)
        cursor = await stored(store, batch(owed(5), finalized=1))
        rebuild = Rebuild.of(connection, reader, DEPLOYMENT)
        await beside.make(connection, rebuild.models)
        settled = await rebuild.settle()
        assert settled.number == 1
        reorg = replace(batch(), cursor=cursor, ancestor=FIRST, case=Case.REORG, appended=Range((), ()))
        await stored(store, reorg)
        async with connection.transaction():
            assert await rebuild.finish(settled) is None
        assert await rebuild.run() == 0
        assert await (await connection.execute("SELECT count(*) FROM chain.owed")).fetchone() == (0,)
