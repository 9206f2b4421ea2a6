"""One batch is one transaction, whatever is in it."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from psycopg import AsyncConnection
from psycopg.sql import SQL

from app.chain.deployment import Deployment
from app.database import Address, Hash32
from indexer import tables
from indexer.answers import Block
from indexer.decode import RawLog, decoder_for
from indexer.errors import CursorMoved
from indexer.fetch import Range
from indexer.follow import Batch, Case, Cursor
from indexer.projections import projections_for
from indexer.refold import select_events
from indexer.rows import prepare
from indexer.store import Store, connect
from indexer.write import write
from tests.conftest import Postgres

CHAIN_ID = 31337
DEPLOYMENT = Deployment(
    chain_id=CHAIN_ID,
    start_block=1,
    token=Address("0x1111111111111111111111111111111111111111"),
    identity=Address("0x2222222222222222222222222222222222222222"),
    escrow=Address("0x3333333333333333333333333333333333333333"),
    reputation=Address("0x4444444444444444444444444444444444444444"),
)
FIRST = Block(0, bytes(32), bytes(32), 1_000)
OWED = keccak(text="PaymentOwed(bytes32,address,uint96)")
TASK, OWNER = b"\x07" * 32, b"\x08" * 20


@pytest.fixture
async def store(postgres: Postgres, migrated_template: str) -> AsyncIterator[Store]:
    async with connect(postgres.create_database(migrated_template)) as connection:
        store = Store(connection, CHAIN_ID)
        await store.begin(FIRST, 0, 0)
        yield store


def batch(*logs: tuple[bytes, tuple[bytes, ...], bytes], finalized: int = 0) -> Batch:
    """One block with logs of (address, topics, data)."""
    block = Block(1, sha256(b"1").digest(), FIRST.hash, 1_002)
    raw = [RawLog(1, n, block.hash, b"\x09" * 32, 0, *log) for n, log in enumerate(logs)]
    return Batch(Case.NEXT, Cursor(FIRST, 0), FIRST, Range((block,), tuple(raw)), 1, finalized)


async def stored(store: Store, given: Batch) -> Cursor:
    prepared = [prepare(decoder_for(DEPLOYMENT), given.appended)]
    return await write(store.connection, given, prepared, projections_for(DEPLOYMENT), CHAIN_ID)


async def rows(connection: AsyncConnection, query: str) -> list[tuple[object, ...]]:
    return await (await connection.execute(query.encode())).fetchall()


def owed(amount: int) -> tuple[bytes, tuple[bytes, ...], bytes]:
    return b"\x33" * 20, (OWED, TASK, bytes(12) + OWNER), encode(["uint96"], [amount])


async def test_an_unknown_log_is_set_aside_and_the_rest_goes_on(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    unknown = (b"\x22" * 20, (b"\x01" * 32,), b"")
    transfer = (
        b"\x22" * 20,
        (keccak(text="Transfer(address,address,uint256)"), bytes(32), bytes(12) + OWNER, b"\0" * 31 + b"\x05"),
        b"",
    )
    await stored(store, batch(unknown, transfer))
    assert await rows(store.connection, "SELECT log_index, reason FROM chain.quarantine") == [
        (0, "the topic is no event of IdentityRegistry")
    ]
    assert await rows(store.connection, "SELECT agent_id, owner FROM chain.agents") == [(5, OWNER)]
    assert await rows(store.connection, "SELECT count(*) FROM chain.logs") == [(2,)]
    assert "quarantined block=1 log=0" in caplog.text
    (alert,) = await rows(
        store.connection, "SELECT subject, payload FROM market.announcements WHERE topic = 'chain.quarantined'"
    )
    said = {"block": 1, "log_index": 0, "tx": "0x" + "09" * 32, "reason": "the topic is no event of IdentityRegistry"}
    assert alert == ("chain:31337", said)


async def test_a_task_without_its_beginning_has_no_row(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    await stored(store, batch(owed(5)))
    assert await rows(store.connection, "SELECT task_id FROM chain.escrows") == []
    assert await rows(store.connection, "SELECT owner, amount FROM chain.owed") == [(OWNER, 5)]
    assert "events incomplete" in caplog.text


async def test_a_cursor_that_moved_writes_nothing(store: Store) -> None:
    await stored(store, batch(owed(5)))
    with pytest.raises(CursorMoved):
        await stored(store, batch(owed(6)))
    assert await rows(store.connection, "SELECT amount FROM chain.owed") == [(5,)]
    assert await rows(store.connection, "SELECT count(*) FROM chain.logs") == [(1,)]


async def test_a_reorg_takes_back_what_it_orphaned(store: Store) -> None:
    cursor = await stored(store, batch(owed(5), finalized=0))
    cut = replace(batch(), cursor=cursor, ancestor=FIRST, case=Case.REORG, appended=Range((), ()))
    assert (await stored(store, cut)).block == FIRST
    for table in ("logs", "escrow_events", "owed"):
        assert await rows(store.connection, f"SELECT count(*) FROM chain.{table}") == [(0,)]
    said = await rows(store.connection, "SELECT topic, subject FROM market.announcements ORDER BY id")
    owner = "0x" + OWNER.hex()
    assert [topic for topic, _ in said] == ["chain.PaymentOwed", "chain.reorged", "chain.reorged"]
    assert {str(subject).lower() for _, subject in said[1:]} == {f"owner:{owner}", f"task:0x{TASK.hex()}"}


async def test_amounts_up_to_the_last_bit_are_kept(store: Store) -> None:
    await stored(store, batch(owed(2**96 - 1)))
    assert await rows(store.connection, "SELECT amount FROM chain.owed") == [(2**96 - 1,)]


async def test_the_cursor_says_why_nothing_moves_until_it_moves(store: Store) -> None:
    await store.halt("broken")
    assert await rows(store.connection, "SELECT halted FROM chain.cursors") == [("broken",)]
    await stored(store, batch())
    assert await rows(store.connection, "SELECT halted FROM chain.cursors") == [(None,)]


FEW_TASKS = """
INSERT INTO chain.escrow_events (block_number, log_index, tx_hash, block_timestamp, name, args, task_id)
SELECT n, 0, decode(repeat('01', 32), 'hex'), 0, 'TaskFunded', '{}', sha256((n % 5)::text::bytea)
FROM generate_series(1, 3000) AS n
"""


async def test_events_of_keys_are_found_by_an_index_whatever_the_statistics_say(store: Store) -> None:
    """A few tasks with many events, when they were made: what a plan then prefers reads the whole table later on."""
    await store.connection.execute(FEW_TASKS)
    await store.connection.execute("RESET ROLE")
    await store.connection.execute("ANALYZE chain.escrow_events")
    projection = projections_for(DEPLOYMENT)[0]
    keys = [(Hash32("0x" + sha256(str(n).encode()).hexdigest()),) for n in range(5)]
    arrays = tables.columns_of(projection.events.model, projection.key, keys)
    plan = await store.connection.execute(SQL("EXPLAIN ") + select_events(projection), arrays)
    said = "\n".join(line for (line,) in await plan.fetchall())
    assert "Seq Scan" not in said
    assert "Index Scan" in said
    assert "Hash Join" not in said
    assert "Merge Join" not in said
