"""Walks what is mirrored beside the leader, for ever, a slice at a time, and mends what is not as the chain says.

Three checks take turns, with a pause after each turn. Ranges of final blocks are read again, from another provider than
the leader's first where there is one. Rows are folded from zero. The token's balances are compared with what rows say.
It has a connection and nodes of its own, and no error of it ends the leader: its metrics grow old instead.

It runs in the leading process and not in one of its own, so that whoever mirrors is audited without being told to. A
walk begins at a random block, so that processes that often start anew come round to everything without keeping count.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from secrets import randbelow

from app.chain.deployment import Deployment
from app.config import Settings
from indexer.balances import Books, books_of
from indexer.decode import decoder_for
from indexer.errors import Retry
from indexer.fetch import Range
from indexer.health import Health
from indexer.metrics import metrics
from indexer.projections import Key, projections_for
from indexer.providers import Providers
from indexer.repair import alert, digest, heal, heal_rows, stored_range
from indexer.shadow import Slice, unlike_in_range, unlike_in_slice
from indexer.store import Store, connect

log = logging.getLogger(__name__)

RANGE_BLOCKS = 100
"""What one turn reads again; half of it after a refusal, down to one block."""
BALANCE_SECONDS = 30.0
IDLE_SECONDS = 1.0


@dataclass
class Auditor:
    """Where the walks stand. `reader` is asked first, `second` where something differs."""

    database_url: str
    deployment: Deployment
    reader: Providers
    second: Providers
    health: Health
    next_block: int | None = None
    range_blocks: int = RANGE_BLOCKS
    projection: int = 0
    after: Key | None = None
    balanced: float = 0.0
    open: set[str] = field(default_factory=set)
    """What was found and not mended, so that each is announced once."""

    async def turn(self, store: Store) -> None:
        """One slice of each check. Raises Retry and the database's errors."""
        cursor = await store.cursor()
        if cursor is None or await store.halted():
            return
        await self.check_range(store, await store.first_block(), cursor.finalized_number)
        await self.check_rows(store)
        if time.monotonic() - self.balanced > BALANCE_SECONDS or not self.balanced:
            await self.check_balances(store)
            self.balanced = time.monotonic()
        found = "; ".join(sorted(self.open))
        self.health.audit = f"not as the chain says: {found}" if found else "nothing differs in what was audited"

    async def check_range(self, store: Store, floor: int, finalized: int) -> None:
        """Compares the digests of the next range, and its typed events with its logs. What no parent is mirrored of,
        the first block, is left out."""
        if finalized <= floor:
            return
        if self.next_block is None or not floor < self.next_block <= finalized:
            wrapped = self.next_block is not None
            ranges = 1 if wrapped else (finalized - floor - 1) // RANGE_BLOCKS + 1
            self.next_block = floor + 1 + RANGE_BLOCKS * randbelow(ranges)
        first = self.next_block
        last = min(finalized, first + self.range_blocks - 1)
        try:
            await self.compare_range(store, first, last, finalized)
        except Retry:
            self.range_blocks = max(1, self.range_blocks // 2)
            raise
        self.range_blocks = min(RANGE_BLOCKS, self.range_blocks * 2)
        self.next_block = last + 1
        metrics.count("audit_ranges_total")
        succeeded("ranges")

    async def compare_range(self, store: Store, first: int, last: int, finalized: int) -> None:
        name = f"blocks from {first} on"
        read = await self._read(self.reader, first, last)
        if digest(await stored_range(store, first, last)) == digest(read) and not await asyncio.to_thread(
            unlike_in_range, self.database_url, self.deployment, first, last
        ):
            self.open.discard(name)
            return
        metrics.count("audit_mismatches_total", kind="range")
        again = await self._read(self.second, first, last)
        if digest(again) != digest(read):
            await self._alert(store, name, "two readings of the chain differ from each other")
            return
        if not await self._same_chain(store, finalized):
            await self._alert(store, name, "the newest final block is another one on the chain")
            return
        subjects = await heal(store, self.deployment, read)
        self.open.discard(name)
        self.balanced = 0.0  # a balance that was judged by wrong rows is judged again
        metrics.count("audit_healed_total", kind="range")
        log.warning("healed blocks=%d..%d subjects=%d", first, last, len(subjects))

    async def check_rows(self, store: Store) -> None:
        """Compares the next keys of a table with a fold from zero; those that differ are folded anew. Compared again
        after it, because a fold that gives another row each time is no repair."""
        projection = projections_for(self.deployment)[self.projection]
        arguments = self.database_url, projection
        found: Slice = await asyncio.to_thread(unlike_in_slice, *arguments, self.after)
        name = f"rows of {projection.model.__tablename__} after {self.after}"
        if found.differences:
            metrics.count("audit_mismatches_total", len(found.differences), kind="row")
            log.warning("differs %s", "; ".join(map(str, found.differences[:3])))
            await heal_rows(store, projection, found.keys)
            self.balanced = 0.0
            left: Slice = await asyncio.to_thread(unlike_in_slice, *arguments, self.after)
            if left.differences:
                await self._alert(store, name, "they differ after folding anew, too")
            else:
                metrics.count("audit_healed_total", len(found.differences), kind="row")
        if not found.differences:
            self.open.discard(name)
        metrics.count("audit_rows_total", len(found.keys))
        self.after = found.last
        if found.last is None:
            self.projection = (self.projection + 1) % len(projections_for(self.deployment))
        succeeded("rows")

    async def check_balances(self, store: Store) -> None:
        """What a contract holds covers what its rows say is due; more is a gift, less is an alert."""
        for books in await books_of(store, self.reader, self.deployment):
            await self._judge(store, books)
        succeeded("balances")

    async def _judge(self, store: Store, books: Books) -> None:
        metrics.set("audit_surplus", max(0, books.surplus), contract=books.contract)
        metrics.set("audit_shortfall", max(0, -books.surplus), contract=books.contract)
        name = f"balance of {books.contract}"
        if books.surplus < 0:
            await self._alert(store, name, f"{-books.surplus} base units less than is due at block {books.block}")
        else:
            self.open.discard(name)

    async def _read(self, node: Providers, first: int, last: int) -> Range:
        return await node.range(decoder_for(self.deployment).addresses, first, last)

    async def _same_chain(self, store: Store, number: int) -> bool:
        (actual,) = await self.reader.blocks(number, number)
        (other,) = await self.second.blocks(number, number)
        return actual == other and (await store.blocks(number, number)).get(number) in (actual, None)

    async def _alert(self, store: Store, name: str, reason: str) -> None:
        metrics.count("audit_alerts_total")
        log.error("audit failed what=%s reason=%s", name, reason)
        if name not in self.open:
            self.open.add(name)
            await alert(store.connection, store.chain_id, {"what": name, "reason": reason})


def succeeded(check: str) -> None:
    """Even where something was found: the check itself was done."""
    metrics.set("audit_last_success_timestamp_seconds", time.time(), check=check)


async def audit_forever(settings: Settings, deployment: Deployment, health: Health) -> None:
    """Audits while this process leads, until cancelled; not at all where AUDIT_PAUSE_SECONDS is 0."""
    if not settings.audit_pause_seconds:
        health.audit = "off (AUDIT_PAUSE_SECONDS=0)"
        return
    urls, timeout = settings.rpc_urls, settings.rpc_timeout_seconds
    url = settings.database_url.get_secret_value()
    async with (
        Providers(urls[1:] or urls, timeout_seconds=timeout, chain_id=deployment.chain_id) as reader,
        Providers(urls[:1], timeout_seconds=timeout, chain_id=deployment.chain_id) as two,
    ):
        auditor = Auditor(url, deployment, reader, two, health)
        await repeat(lambda: turns(auditor, settings.audit_pause_seconds))


async def turns(auditor: Auditor, pause: float) -> None:
    """Turn after turn on one connection, until something raises."""
    if not at_head(auditor.health):
        return
    async with connect(auditor.database_url) as connection:
        store = Store(connection, auditor.deployment.chain_id)
        while at_head(auditor.health):
            await auditor.turn(store)
            await asyncio.sleep(pause)


def at_head(health: Health) -> bool:
    """A backfill is left alone, and a standby audits nothing."""
    return health.leader and health.ready()


async def repeat(once: Callable[[], Awaitable[None]]) -> None:
    """Until cancelled. Every error is said, counted and tried again: nothing is half-done, since each repair is one
    transaction, and the mirror must not stop because its audit does."""
    while True:
        try:
            await once()
        except Exception as error:
            metrics.count("audit_errors_total", error=type(error).__name__)
            log.warning("audit retry error=%s %s", type(error).__name__, str(error).partition("\n")[0])
        await asyncio.sleep(IDLE_SECONDS)
