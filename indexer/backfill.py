"""Far behind the head, units of blocks are read and computed side by side, and each is stored in one transaction."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from psycopg import AsyncConnection

from app.chain.deployment import Deployment
from indexer.answers import Block, Tip
from indexer.errors import HelperLost, NodeRefused, NodeUnavailable, Retry, TornRange
from indexer.fetch import Range
from indexer.follow import Case, Cursor, Rules, batch
from indexer.health import Health
from indexer.lanes import LANES
from indexer.prepared import Shelved, begin_shelved, clear_shelf
from indexer.progress import Progress
from indexer.projections import projections_for
from indexer.refold import Begun
from indexer.rows import Prepared
from indexer.stride import Stride
from indexer.work import Job, cancelled, compute, in_lanes, let_go, work
from indexer.write import write

UNIT_EVENTS = 10_000
"""In one transaction: of the size and not of the number of blocks, since rows are what a transaction costs."""
MAX_UNIT_RANGES = 32
RANGES_AT_ONCE = 2
"""One is fetched while another is computed."""


class Source(Protocol):
    """What a backfill needs of the chain."""

    async def tip(self) -> Tip: ...
    async def prepared(self, deployment: Deployment, first: int, last: int, lane: int) -> Shelved: ...


async def catch_up(
    chain: Source,
    connection: AsyncConnection,
    deployment: Deployment,
    cursor: Cursor,
    rules: Rules,
    health: Health | None = None,
) -> Cursor:
    """Stores everything up to the head of now; the cursor after it. Raises what `Ahead` and `write` raise: each
    transaction before that stays."""
    tip = await chain.tip()
    if rules.quorum > 1:
        tip = Tip(tip.head, None)  # a single node's word makes nothing final; `quorum.vouched` does, afterwards
    progress = Progress("backfill", cursor.block.number, tip.head.number, time.monotonic())
    ahead = Ahead(chain, deployment, rules.stride, cursor.block.number + 1, tip.head.number)
    try:
        async with aclosing(ahead.units(cursor.block)) as units:
            async for one in units:
                cursor = await store(connection, one, deployment, cursor, tip, health)
                progress.reached(cursor.block.number, one.log_count, time.monotonic())
                del one  # before the next unit grows beside it
    finally:
        for lane in range(LANES):
            with suppress(HelperLost):  # and its shelf with it
                await compute(lane, clear_shelf)
    return cursor


async def rest() -> None:
    """After a backfill, when little is to be done for long."""
    for lane in range(LANES):
        await compute(lane, let_go)
    await work(let_go)


@dataclass(frozen=True)
class Ready:
    """A transaction's worth, folded as far as it can be without the database."""

    prepared: Sequence[Prepared]
    folds: Sequence[Begun]

    @property
    def log_count(self) -> int:
        return sum(one.log_count for one in self.prepared)

    @property
    def edges(self) -> tuple[Block, ...]:
        """The first and the last block of each range."""
        return tuple(block for one in self.prepared for block in one.edges)


async def store(
    connection: AsyncConnection,
    ready: Ready,
    deployment: Deployment,
    cursor: Cursor,
    tip: Tip,
    health: Health | None = None,
) -> Cursor:
    """One transaction."""
    given = batch(Case.GAP, cursor, cursor.block, Range(ready.edges, ()), tip)
    projections = projections_for(deployment)
    after = await write(connection, given, ready.prepared, projections, deployment.chain_id, ready.folds)
    if health:
        health.saw(given)
    return after


@dataclass(frozen=True)
class Unit:
    """What was read of a unit's blocks, and why not all of them."""

    ready: Ready | None
    error: Retry | None = None


@dataclass
class Ahead:
    """Reads next..last in units, one in each lane of the helpers, and gives them in order."""

    chain: Source
    deployment: Deployment
    stride: Stride
    next: int
    last: int
    unit_blocks: int = 0
    """How many blocks have as many events as fit into a transaction, as far as is known; at first a range."""

    def __post_init__(self) -> None:
        self.unit_blocks = self.unit_blocks or self.stride.blocks

    async def units(self, parent: Block) -> AsyncGenerator[Ready, None]:
        """What fits into a transaction, each time. Raises TornRange where a range does not follow the one before, and
        what the chain's `prepared` raises, after what was read before that."""
        async with aclosing(in_lanes(self.jobs())) as units:
            async for unit in units:
                if unit.ready is not None:
                    require_follows(unit.ready.edges[0], parent)
                    parent = unit.ready.edges[-1]
                    yield unit.ready
                if unit.error is not None:
                    raise unit.error
                del unit

    async def jobs(self) -> AsyncGenerator[Job[Unit], None]:
        while self.next <= self.last:
            first, self.next = self.next, min(self.last + 1, self.next + self.size)
            yield partial(self.unit, first, self.next - 1)

    @property
    def size(self) -> int:
        """Blocks of the next unit: fewer at the end, so that no lane waits long for the last one."""
        left = self.last - self.next + 1
        return min(self.unit_blocks, max(self.stride.blocks, left // LANES))

    def learn(self, ready: Ready) -> None:
        """The size of the next unit: what the events of this one call for, and at most twice as many blocks."""
        blocks = ready.edges[-1].number - ready.edges[0].number + 1
        wanted = blocks * UNIT_EVENTS // max(1, ready.log_count)
        self.unit_blocks = max(1, min(wanted, 2 * self.unit_blocks, MAX_UNIT_RANGES * self.stride.most))

    async def unit(self, first: int, last: int, lane: int) -> Unit:
        """One lane reads and folds it."""
        found, error = list[Shelved](), None
        try:
            async with aclosing(self.ranges(first, last, lane)) as ranges:
                async for one in ranges:
                    if found:
                        require_follows(one.prepared.edges[0], found[-1].prepared.edges[-1])
                    found.append(one)
        except Retry as retry:
            error = retry
        if not found:
            return Unit(None, error)
        folds = await compute(lane, begin_shelved, self.deployment, [one.ticket for one in found])
        ready = Ready([one.prepared for one in found], folds)
        self.learn(ready)
        return Unit(ready, error)

    async def ranges(self, first: int, last: int, lane: int) -> AsyncGenerator[Shelved, None]:
        """The ranges of a unit in their order, of the size that the node serves."""
        reading = deque[asyncio.Task[list[Shelved]]]()
        try:
            while reading or first <= last:
                while len(reading) < RANGES_AT_ONCE and first <= last:
                    end = min(last, first + self.stride.blocks - 1)
                    reading.append(asyncio.ensure_future(self.range(first, end, lane)))
                    first = end + 1
                for one in await reading.popleft():
                    yield one
        finally:
            await cancelled(reading)

    async def range(self, first: int, last: int, lane: int) -> list[Shelved]:
        """One range; where the node refuses its size, two halves."""
        try:
            found = await self.chain.prepared(self.deployment, first, last, lane)
        except NodeRefused:
            if first == last:
                raise
            self.stride.blocks = min(self.stride.blocks, (last - first + 1) // 2)
            middle = (first + last) // 2
            return [*await self.range(first, middle, lane), *await self.range(middle + 1, last, lane)]
        except NodeUnavailable:
            self.stride.refused()  # a range that takes too long must not be asked for again as it was
            raise
        self.stride.served()
        return [found]


def require_follows(block: Block, parent: Block) -> None:
    if block.parent_hash != parent.hash:
        raise TornRange(block.number, block.number, "the range does not follow its parent")
