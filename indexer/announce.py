"""What a batch tells the rest: each compensation of a reorg, each event, each alert, and finality, in this order."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import orjson
from psycopg import AsyncConnection

from app.chain.events import ChainEvent
from indexer import bulk
from indexer.decode import Quarantined
from indexer.follow import Batch
from indexer.numeric import size_of
from indexer.packing import pack_text

INTO = "COPY market.announcements (topic, subject, payload) FROM STDIN (FORMAT BINARY)"
WAKE = "SELECT pg_notify('announcements', topic) FROM unnest(%s::text[]) AS said (topic)"


def packed_event(event: ChainEvent, subject: str, args: bytes) -> bytes:
    """An event's announcement, with its arguments already dumped."""
    payload = b'{"block":%d,"log_index":%d,"tx":"%b","args":%b}' % (event[0], event[1], event[2].encode(), args)
    about = subject.encode()
    return b"".join((begin(event.name), size_of(len(about)), about, size_of(len(payload)), payload))


def packed(topic: str, subject: str, payload: Mapping[str, Any]) -> bytes:
    return begin(topic) + pack_text(subject) + pack_text(orjson.dumps(payload).decode())


@cache
def begin(name: str) -> bytes:
    """Three columns, of which the first is `chain.NAME`, as every topic of the mirror begins."""
    return (3).to_bytes(2) + pack_text(f"chain.{name}")


def compensations(batch: Batch, orphaned: Iterable[str]) -> list[bytes]:
    """What a reorg took back, by subject."""
    cut = {"from_block": batch.ancestor.number + 1, "to_block": batch.cursor.block.number}
    return [packed("reorged", subject, cut) for subject in sorted(set(orphaned))]


def quarantines(dirty: Iterable[Quarantined], chain_id: int) -> list[bytes]:
    """An alert for each log that could not be read: a contract said something that nobody here understands."""
    return [
        packed(
            "quarantined",
            f"chain:{chain_id}",
            {"block": log.block_number, "log_index": log.log_index, "tx": f"0x{log.tx_hash.hex()}", "reason": reason},
        )
        for log, reason in ((one.log, one.reason) for one in dirty)
    ]


def finality(batch: Batch, chain_id: int) -> list[bytes]:
    """That older blocks became final, where they did."""
    if batch.finalized_number <= batch.cursor.finalized_number:
        return []
    return [packed("finalized", f"chain:{chain_id}", {"block": batch.finalized_number})]


async def announce(connection: AsyncConnection, rows: Iterable[bytes], topics: Iterable[str]) -> None:
    """Inside the caller's transaction: nothing is said of a batch that does not commit. One wake-up a topic is
    enough, since the row is the data."""
    given = [part for part in rows if part]
    if given:
        await bulk.copy(connection, INTO, given)
        await connection.execute(WAKE, [sorted({f"chain.{topic}" for topic in topics})])
