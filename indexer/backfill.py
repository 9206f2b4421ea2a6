"""Far behind the head, ranges are read ahead while the ones before are stored, many in one transaction."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from psycopg import AsyncConnection

from indexer.decode import Decoder
from indexer.errors import NodeRefused, NodeUnavailable, Retry, TornRange
from indexer.fetch import Range
from indexer.follow import Case, Chain, Cursor, Rules, batch
from indexer.health import Health
from indexer.node import Block, Tip
from indexer.progress import Progress
from indexer.projections import Projection
from indexer.refold import Begun
from indexer.rows import Prepared, prepare
from indexer.stride import Stride
from indexer.work import one_ahead, work
from indexer.write import begin_all, write

BATCH_EVENTS = 12_000
"""In one transaction: of the size and not of the number of blocks, since rows are what a transaction costs."""
READ_AHEAD = 2
"""Ranges; each is in memory once as what the node said and once as rows."""


async def catch_up(
    chain: Chain,
    connection: AsyncConnection,
    decoder: Decoder,
    projections: Sequence[Projection],
    cursor: Cursor,
    rules: Rules,
    chain_id: int,
    health: Health | None = None,
) -> Cursor:
    """Stores everything up to the head of now; the cursor after it. Raises what `Ahead` and `write` raise: each
    transaction before that stays."""
    tip = await chain.tip()
    if rules.quorum > 1:
        tip = Tip(tip.head, None)  # a single node's word makes nothing final; `quorum.vouched` does, afterwards
    progress = Progress("backfill", cursor.block.number, tip.head.number, time.monotonic())
    ahead = Ahead(chain, decoder, rules.stride, cursor.block.number + 1, tip.head.number)
    try:
        async with aclosing(one_ahead(ready(projections, ahead.batches(cursor.block)))) as batches:
            async for one in batches:
                cursor = await store(connection, one, projections, cursor, tip, chain_id, health)
                progress.reached(cursor.block.number, one.log_count, time.monotonic())
                del one  # before the next batch grows beside it
    finally:
        await ahead.close()
    return cursor


@dataclass(frozen=True)
class Ready:
    """A transaction's worth, folded as far as it can be without the database; its events are let go."""

    prepared: Sequence[Prepared]
    folds: Sequence[Begun]

    @property
    def log_count(self) -> int:
        return sum(one.log_count for one in self.prepared)


async def ready(
    projections: Sequence[Projection], batches: AsyncGenerator[list[Prepared], None]
) -> AsyncGenerator[Ready, None]:
    async with aclosing(batches):
        async for prepared in batches:
            folds = await work(begin_all, projections, prepared)
            made = Ready([replace(one, events={}) for one in prepared], folds)
            del prepared
            yield made


async def store(
    connection: AsyncConnection,
    ready: Ready,
    projections: Sequence[Projection],
    cursor: Cursor,
    tip: Tip,
    chain_id: int,
    health: Health | None = None,
) -> Cursor:
    """One transaction."""
    blocks = tuple(block for one in ready.prepared for block in one.blocks)
    given = batch(Case.GAP, cursor, cursor.block, Range(blocks, ()), tip)
    after = await write(connection, given, ready.prepared, projections, chain_id, ready.folds)
    if health:
        health.saw(given)
    return after


@dataclass
class Ahead:
    """Reads first..last in ranges, a few at a time, and gives them in order. Close it to end what is still read."""

    chain: Chain
    decoder: Decoder
    stride: Stride
    next: int
    last: int
    reading: deque[asyncio.Task[list[Prepared]]] = field(default_factory=deque)

    async def close(self) -> None:
        for task in self.reading:
            task.cancel()
        await asyncio.gather(*self.reading, return_exceptions=True)
        self.reading.clear()

    async def batches(self, parent: Block) -> AsyncGenerator[list[Prepared], None]:
        """What fits into a transaction, each time. Raises TornRange where a range does not follow the one before,
        and what the chain's `range` raises."""
        batch: list[Prepared] = []
        while self.fill():
            try:
                found = await self.reading.popleft()
            except Retry:
                if batch:
                    yield batch  # what was read before is not lost
                raise
            for one in found:
                if one.blocks[0].parent_hash != parent.hash:
                    raise TornRange(one.blocks[0].number, one.blocks[-1].number, "the range does not follow its parent")
                batch.append(one)
                parent = one.blocks[-1]
            self.fill()
            if sum(one.log_count for one in batch) >= BATCH_EVENTS:
                yield batch
                batch = []
        if batch:
            yield batch

    def fill(self) -> bool:
        """Begins to read as many ranges as may be ahead; False once everything is read."""
        while len(self.reading) < READ_AHEAD and self.next <= self.last:
            last = min(self.last, self.next + self.stride.blocks - 1)
            self.reading.append(asyncio.ensure_future(self.read(self.next, last)))
            self.next = last + 1
        return bool(self.reading)

    async def read(self, first: int, last: int) -> list[Prepared]:
        """One range; where the node refuses its size, two halves."""
        try:
            found = await self.chain.range(self.decoder.addresses, first, last)
        except NodeRefused:
            if first == last:
                raise
            self.stride.blocks = min(self.stride.blocks, (last - first + 1) // 2)
            middle = (first + last) // 2
            return [*await self.read(first, middle), *await self.read(middle + 1, last)]
        except NodeUnavailable:
            self.stride.refused()  # a range that takes too long must not be asked for again as it was
            raise
        self.stride.served()
        return [await work(prepare, self.decoder, found)]
