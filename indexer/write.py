"""One batch, one transaction: move the cursor, cut what a reorg orphaned, append, fold, announce."""

import logging
import time
from collections.abc import Sequence

from psycopg import AsyncConnection
from psycopg.sql import SQL

from app.chain.models import Block as BlockRow
from app.chain.models import Log, QuarantinedLog
from app.faults import reach
from indexer import bulk, tables
from indexer.announce import announce, compensations, finality, quarantines
from indexer.errors import CursorMoved
from indexer.follow import Batch, Cursor
from indexer.metrics import metrics
from indexer.projections import EVENT_TABLES, EventTable, Key, Projection
from indexer.refold import Begun, Orphans, begin_all, go_on, orphaned, refold
from indexer.rows import Prepared, event_columns, packed_quarantine
from indexer.work import work_now

log = logging.getLogger(__name__)

CUT, MID_COPY, FOLDED = "indexer.cut", "indexer.mid_copy", "indexer.folded"
BEFORE_COMMIT, AFTER_COMMIT = "indexer.before_commit", "indexer.after_commit"
CRASH_POINTS = (CUT, MID_COPY, FOLDED, BEFORE_COMMIT, AFTER_COMMIT)
MOVE_CURSOR = """
UPDATE chain.cursors
SET block_number = %s, block_hash = %s, block_timestamp = %s, finalized_number = %s, head_number = %s, halted = NULL,
    updated_at = clock_timestamp()
WHERE chain_id = %s AND block_number = %s AND block_hash = %s
"""


async def write(
    connection: AsyncConnection,
    batch: Batch,
    prepared: Sequence[Prepared],
    projections: Sequence[Projection],
    chain_id: int,
    begun: Sequence[Begun] = (),
) -> Cursor:
    """Stores a batch, whose blocks came in `prepared`, and returns the cursor after it. Raises CursorMoved, and
    stores nothing then. `begun` is what `begin_all` made of a batch that takes nothing back."""
    began = time.monotonic()
    async with connection.transaction():
        await move_cursor(connection, batch, chain_id)
        orphans = await cut(connection, batch)
        await append_and_fold(connection, projections, prepared, orphans, begun)
        reach(FOLDED)
        await say(connection, batch, prepared, subjects(projections, orphans), chain_id)
        reach(BEFORE_COMMIT)
    reach(AFTER_COMMIT)
    tell(batch, prepared, time.monotonic() - began)
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
    gone = await cut_between(connection, batch.ancestor.number + 1, tables.NO_END)
    reach(CUT)
    return gone


async def cut_between(connection: AsyncConnection, first: int, last: int) -> Orphans:
    """Deletes the blocks first..last and what they brought, but for folded rows; tells whose events went."""
    both = [first, last]
    await connection.execute("DELETE FROM chain.blocks WHERE number BETWEEN %s AND %s", both)
    await connection.execute("DELETE FROM chain.logs WHERE block_number BETWEEN %s AND %s", both)
    await connection.execute("DELETE FROM chain.quarantine WHERE block_number BETWEEN %s AND %s", both)
    return {table.name: await cut_events(connection, table, both) for table in EVENT_TABLES}


async def cut_events(connection: AsyncConnection, table: EventTable, both: Sequence[int]) -> list[Key]:
    delete = SQL("DELETE FROM {} WHERE block_number BETWEEN %s AND %s RETURNING {}").format(
        tables.qualified(table.model), bulk.listed(table.columns)
    )
    gone = await (await connection.execute(delete, both)).fetchall()
    return [tables.values_of(table.model, table.columns, row) for row in gone]


async def append_and_fold(
    connection: AsyncConnection,
    projections: Sequence[Projection],
    prepared: Sequence[Prepared],
    orphans: Orphans,
    begun: Sequence[Begun] = (),
) -> None:
    """Stores what came, and the row of every key that it or a reorg touched. What goes on from stored rows is folded
    while the database copies."""
    folds = begun or await work_now(begin_all, projections, [one.events for one in prepared], orphans)
    going_on = [await go_on(connection, *fold) for fold in zip(projections, folds, strict=True)]
    await append(connection, prepared)
    for fold in zip(projections, folds, going_on, strict=True):
        await refold(connection, *fold)


async def append(connection: AsyncConnection, prepared: Sequence[Prepared]) -> None:
    await bulk.copy(connection, bulk.copy_into(BlockRow), [one.packed_blocks for one in prepared])
    logs = [one.packed_logs for one in prepared]
    await bulk.copy(connection, bulk.copy_into(Log), logs, halfway=lambda: reach(MID_COPY))
    for table in EVENT_TABLES:
        into = bulk.copy_into(table.model, event_columns(table))
        await bulk.copy(connection, into, [one.packed_events[table.name] for one in prepared])
    dirty = [packed_quarantine(one.quarantined) for one in prepared]
    await bulk.copy(connection, bulk.copy_into(QuarantinedLog), dirty)


def subjects(projections: Sequence[Projection], orphans: Orphans) -> list[str]:
    """The names of all that a reorg took something from."""
    return [projection.subject(key) for projection in projections for key in orphaned(projection, orphans)]


async def say(
    connection: AsyncConnection, batch: Batch, prepared: Sequence[Prepared], gone: Sequence[str], chain_id: int
) -> None:
    """Compensations, events, alerts, finality."""
    back, final = compensations(batch, gone), finality(batch, chain_id)
    alerts = quarantines((one for each in prepared for one in each.quarantined), chain_id)
    topics = {name for each in prepared for name in each.names}
    topics |= {name for name, said in (("reorged", back), ("quarantined", alerts), ("finalized", final)) if said}
    await announce(connection, [*back, *(one.announced for one in prepared), *alerts, *final], topics)


def tell(batch: Batch, prepared: Sequence[Prepared], seconds: float) -> None:
    """Counts what was stored, and warns of each log that nobody could read."""
    metrics.observe("batch_seconds", seconds)
    metrics.count("events_total", sum(one.log_count for one in prepared))
    if batch.ancestor != batch.cursor.block:
        metrics.count("reorgs_total")
        metrics.set("reorg_depth_blocks", batch.cursor.block.number - batch.ancestor.number)
    for dirty in (one for each in prepared for one in each.quarantined):
        metrics.count("quarantined_total")
        where = (dirty.log.block_number, dirty.log.log_index, dirty.log.tx_hash.hex())
        log.warning("quarantined block=%d log=%d tx=0x%s reason=%s", *where, dirty.reason)
