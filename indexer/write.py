"""One batch, one transaction: move the cursor, cut what a reorg orphaned, append, fold, announce."""

import logging
from collections.abc import Mapping, Sequence

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from app.chain.models import Block as BlockRow
from app.chain.models import Log, QuarantinedLog
from app.faults import reach
from indexer import rows, tables
from indexer.announce import announce, announcements_of
from indexer.decode import Decoder, Quarantined
from indexer.errors import CursorMoved
from indexer.fetch import Range
from indexer.follow import Batch, Cursor
from indexer.projections import EVENT_TABLES, EventTable, Key, Placed, Projection
from indexer.refold import refold

log = logging.getLogger(__name__)

CRASH_POINT = "indexer.mid_copy"
MOVE_CURSOR = """
UPDATE chain.cursors
SET block_number = %s, block_hash = %s, block_timestamp = %s, finalized_number = %s, head_number = %s, halted = NULL,
    updated_at = clock_timestamp()
WHERE chain_id = %s AND block_number = %s AND block_hash = %s
"""

Orphans = Mapping[str, Sequence[Key]]
"""By event table: the own columns' values of the events that a reorg took."""


async def write(
    connection: AsyncConnection, batch: Batch, decoder: Decoder, projections: Sequence[Projection], chain_id: int
) -> Cursor:
    """Stores a batch and returns the cursor after it. Raises CursorMoved, and stores nothing then."""
    placed, quarantined = rows.read(decoder, batch.appended)
    async with connection.transaction():
        await move_cursor(connection, batch, chain_id)
        orphans = await cut(connection, batch)
        await append(connection, batch.appended, placed, quarantined)
        for projection in projections:
            await refold(connection, projection, touched(projection, placed, orphans))
        gone = [one.subject(key) for one in projections for key in touched(one, (), orphans)]
        await announce(connection, announcements_of(batch, placed, gone, chain_id))
    for dirty in quarantined:
        where = (dirty.log.block_number, dirty.log.log_index, dirty.log.tx_hash.hex())
        log.warning("quarantined block=%d log=%d tx=0x%s reason=%s", *where, dirty.reason)
    return Cursor(batch.end, batch.finalized_number)


async def move_cursor(connection: AsyncConnection, batch: Batch, chain_id: int) -> None:
    """Compare-and-set: a leader that lost its lock unawares finds the cursor moved."""
    to = [batch.end.number, batch.end.hash, batch.end.timestamp, batch.finalized_number, batch.head_number]
    expected = batch.cursor.block
    moved = await connection.execute(MOVE_CURSOR, [*to, chain_id, expected.number, expected.hash])
    if moved.rowcount != 1:
        raise CursorMoved(expected.number)


async def cut(connection: AsyncConnection, batch: Batch) -> Orphans:
    """Deletes everything above the ancestor, and tells whose events went."""
    if batch.ancestor == batch.cursor.block:
        return {}
    above = [batch.ancestor.number]
    await connection.execute("DELETE FROM chain.blocks WHERE number > %s", above)
    await connection.execute("DELETE FROM chain.logs WHERE block_number > %s", above)
    await connection.execute("DELETE FROM chain.quarantine WHERE block_number > %s", above)
    return {table.model.__tablename__: await cut_events(connection, table, above) for table in EVENT_TABLES}


async def cut_events(connection: AsyncConnection, table: EventTable, above: Sequence[int]) -> list[Key]:
    delete = SQL("DELETE FROM {} WHERE block_number > %s RETURNING {}").format(
        tables.qualified(table.model), SQL(", ").join(map(Identifier, table.columns))
    )
    gone = await (await connection.execute(delete, above)).fetchall()
    return [tables.values_of(table.model, table.columns, row) for row in gone]


async def append(
    connection: AsyncConnection, appended: Range, placed: Sequence[Placed], quarantined: Sequence[Quarantined]
) -> None:
    await tables.copy(connection, BlockRow, rows.block_rows(appended.blocks))
    await tables.copy(connection, Log, rows.log_rows(appended.logs), halfway=lambda: reach(CRASH_POINT))
    for table in EVENT_TABLES:
        await tables.copy(connection, table.model, rows.event_rows([one for one in placed if one.table is table]))
    await tables.copy(connection, QuarantinedLog, rows.quarantine_rows(quarantined))


def touched(projection: Projection, placed: Sequence[Placed], orphans: Orphans) -> set[Key]:
    """The keys whose events came or went."""
    came = [one.values for one in placed if one.table is projection.events]
    return projection.keys_in([*came, *orphans.get(projection.events.model.__tablename__, ())])
