"""`refold`: all typed events, the quarantine and all folded rows are made anew from the raw logs, beside the old ones,
and take their places in one transaction. No node is asked, and nobody who reads waits for more than that moment.

A leader goes on meanwhile and keeps its lock. What it and the swap both lock first is the cursor's row: whoever
has it, the other waits. The last blocks are folded under it, so that no batch falls between the two.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, LiteralString

import orjson
from psycopg import AsyncConnection
from psycopg.errors import LockNotAvailable

from app.chain.deployment import Deployment
from app.chain.models import QuarantinedLog
from app.database import Base
from app.faults import reach
from indexer import beside, bulk
from indexer.decode import Quarantined, decoder_for
from indexer.errors import NothingMirrored, OtherContractsMirrored, RefoldRunning
from indexer.log_rows import place_of, unpack_log
from indexer.progress import Progress
from indexer.projections import EVENT_TABLES, EventTable, Projection, projections_for
from indexer.raw_logs import LogReader, RawLogs, reading_logs
from indexer.refold import Begun, begin_all, go_on, refold
from indexer.rows import Reading, event_columns, packed_quarantine
from indexer.store import Store, connect
from indexer.work import Job, compute, in_lanes

log = logging.getLogger(__name__)

BATCH_EVENTS = 12_000
SETTLED_BLOCKS = 64
"""Blocks this far below the newest are folded before the swap, as are final ones; a reorg that takes one of them
makes everything begin anew."""
NEAR_BLOCKS = 1_000
MAX_ROUNDS = 10
"""A leader that is itself far behind may be faster: after so many rounds the rest is folded under the lock."""
SWAP_WAIT_SECONDS = 0.2
FILL_POINT, SWAP_POINT = "indexer.mid_refold", "indexer.mid_swap"

TRY_REFOLD = "SELECT pg_try_advisory_lock(hashtext('guildhall refold'))"
SETTLED = """
SELECT number, hash FROM chain.blocks
WHERE number <= (SELECT greatest(finalized_number, block_number - %s) FROM chain.cursors WHERE chain_id = %s)
ORDER BY number DESC LIMIT 1
"""
HOLD_CURSOR = "SELECT block_number FROM chain.cursors WHERE chain_id = %s FOR UPDATE"
STILL_THERE = "SELECT EXISTS (SELECT 1 FROM chain.blocks WHERE number = %s AND hash = %s)"
ANNOUNCE = "SELECT market.announce('chain.refolded', %s, %s)"


@dataclass(frozen=True)
class Settled:
    """Up to this block everything is folded, and committed, beside."""

    number: int = -1
    hash: bytes = b""


@dataclass(frozen=True)
class Batch:
    """Whole blocks up to `end`, of `count` logs: typed rows by table, and what is folded without the database."""

    end: int
    count: int
    rows: Mapping[str, bytes]
    quarantined: Sequence[Quarantined]
    folds: Sequence[Begun]


async def refold_all(database_url: str, deployment: Deployment) -> int:
    """Rebuilds and swaps; the newest block whose events are in the new rows. Raises Stop where it must not begin.

    Connects as the owner of the tables, whom migrations connect as, since it makes and drops some.
    """
    async with connect(database_url, role=None) as connection, reading_logs(database_url) as reader:
        await require_mirror(Store(connection, deployment.chain_id), deployment)
        if not await value(connection, TRY_REFOLD):
            raise RefoldRunning()
        rebuild = Rebuild.of(connection, reader, deployment)
        while (block := await rebuild.run()) is None:
            log.warning("refold begins anew: a reorg took blocks that were folded")
        return block


async def require_mirror(store: Store, deployment: Deployment) -> None:
    """There is one, and of these contracts. Raises Stop otherwise."""
    await store.require_migrated()
    if await store.cursor() is None:
        raise NothingMirrored(deployment.chain_id)
    addresses, mirrored = decoder_for(deployment).addresses, await store.contracts()
    if mirrored != frozenset(addresses):
        raise OtherContractsMirrored(mirrored, addresses)


@dataclass(frozen=True)
class Rebuild:
    """The work on the tables beside: `reader` reads raw logs, helpers compute, and `connection` stores."""

    connection: AsyncConnection
    reader: LogReader
    deployment: Deployment
    events: Sequence[EventTable]
    projections: Sequence[Projection]
    models: Sequence[type[Base]]

    @classmethod
    def of(cls, connection: AsyncConnection, reader: LogReader, deployment: Deployment) -> "Rebuild":
        serving = projections_for(deployment)
        events = {table.name: replace(table, model=beside.beside(table.model)) for table in EVENT_TABLES}
        projections = [replace(p, model=beside.beside(p.model), events=events[p.events.name]) for p in serving]
        models: list[type[Base]] = [QuarantinedLog]
        models += [*(table.model for table in EVENT_TABLES), *(p.model for p in serving)]
        return cls(connection, reader, deployment, list(events.values()), projections, models)

    async def run(self) -> int | None:
        """Everything from zero; None where a reorg took what was folded before the swap."""
        await beside.make(self.connection, self.models)
        settled = await self.settle()
        await beside.analyze(self.connection, self.models)
        while True:
            try:
                async with self.connection.transaction():
                    return await self.finish(settled)
            except LockNotAvailable:
                log.info("swap waits for a reader")
            await asyncio.sleep(SWAP_WAIT_SECONDS)

    async def settle(self) -> Settled:
        """Folds all but the newest blocks, while the leader makes more."""
        settled = Settled()
        for _ in range(MAX_ROUNDS):
            row = await (await self.connection.execute(SETTLED, [SETTLED_BLOCKS, self.deployment.chain_id])).fetchone()
            if row is None:
                break
            before, settled = settled, Settled(*row)
            await self.fill(before.number, settled.number)
            if settled.number - before.number <= NEAR_BLOCKS:
                break
        return settled

    async def finish(self, settled: Settled) -> int | None:
        """In one transaction: the last blocks, with the cursor held, and the swap."""
        newest: int = await value(self.connection, HOLD_CURSOR, self.deployment.chain_id)
        if settled.hash and not await value(self.connection, STILL_THERE, settled.number, settled.hash):
            return None
        await self.fill(settled.number, newest)
        await beside.swap(self.connection, self.models)
        reach(SWAP_POINT)
        said = orjson.dumps({"block": newest}).decode()
        await self.connection.execute(ANNOUNCE, [f"chain:{self.deployment.chain_id}", said])
        return newest

    async def fill(self, after: int, last: int) -> None:
        """Folds the blocks after..last, whole ones at a time: what begins a row and what came with it must meet."""
        progress = Progress("refold", max(after, 0), last, time.monotonic())
        async with aclosing(in_lanes(self.computed(after, last))) as batches:
            async for batch in batches:
                async with self.connection.transaction():
                    await self.store(batch)
                progress.reached(batch.end, batch.count, time.monotonic())
                del batch

    async def computed(self, after: int, last: int) -> AsyncGenerator[Job[Batch], None]:
        """What is to be computed of the blocks after..last, each when a lane is free for it."""
        while after < last:
            logs = await self.reader.batch(after, last, BATCH_EVENTS)
            after = logs.end
            yield partial(self.compute, logs)

    async def compute(self, logs: RawLogs, lane: int) -> Batch:
        return await compute(lane, made_of, self.deployment, logs)

    async def store(self, batch: Batch) -> None:
        for table in self.events:
            into = bulk.copy_into(table.model, event_columns(table))
            await bulk.copy(self.connection, into, [batch.rows[table.name]])
        dirty = packed_quarantine(batch.quarantined)
        await bulk.copy(self.connection, bulk.copy_into(beside.beside(QuarantinedLog)), [dirty])
        reach(FILL_POINT)
        for projection, begun in zip(self.projections, batch.folds, strict=True):
            await refold(self.connection, projection, begun, await go_on(self.connection, projection, begun))


def made_of(deployment: Deployment, logs: RawLogs) -> Batch:
    """What raw logs say; a helper may do it."""
    reading, times = Reading(decoder_for(deployment)), logs.times
    for row in logs.rows:
        number, index = place_of(row)
        if not reading.row(row, number, index, times[number]):
            reading.log(unpack_log(row), times[number])
    read = reading.read
    folds = begin_all(projections_for(deployment), [read.events], {})
    return Batch(
        logs.end, len(logs.rows), {name: b"".join(parts) for name, parts in read.rows.items()}, read.quarantined, folds
    )


async def value(connection: AsyncConnection, query: LiteralString, *given: object) -> Any:
    row = await (await connection.execute(query, given)).fetchone()
    return row[0] if row else None
