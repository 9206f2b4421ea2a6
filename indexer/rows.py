"""From a range to what is stored of it: packed rows of blocks, raw logs, typed events and announcements."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from app.chain.models import Block as BlockRow
from app.chain.models import Log, QuarantinedLog
from indexer.announce import packed_event
from indexer.decode import Decoder, Quarantined, RawLog
from indexer.fetch import Range
from indexer.node import Block
from indexer.packing import Pack, array_head, packer_of, size_of
from indexer.projections import EVENT_TABLES, EventTable, Placed, place
from indexer.slicers import DirtyLog

LOG_HASHES = frozenset({"block_hash", "tx_hash", "address"})
EVENT_COLUMNS = ("block_number", "log_index", "tx_hash", "block_timestamp", "name", "args")
"""The fields of a ChainEvent, in its order; an event table's own columns follow."""


WORD, ADDRESS, ARRAY_HEAD = 32, 20, 24
WORD_SIZE = size_of(WORD)
ARRAYS = {n: size_of(ARRAY_HEAD - 4 + 36 * n) + array_head(n) for n in range(1, 5)}
"""What stands before the topics, by their number."""
pack_fixed = struct.Struct(">hiqiii32si32siii20s").pack


@dataclass(frozen=True, slots=True)
class Prepared:
    """A range as it is stored. `events` are what the folds take, by the name of their table."""

    blocks: tuple[Block, ...]
    log_count: int
    packed_blocks: bytes
    packed_logs: bytes
    packed_events: Mapping[str, bytes]
    announced: bytes
    events: Mapping[str, Sequence[Placed]]
    quarantined: Sequence[Quarantined]


@dataclass(slots=True)
class Read:
    """Packed rows in the making."""

    logs: list[bytes] = field(default_factory=list)
    rows: dict[str, list[bytes]] = field(default_factory=lambda: {table.name: [] for table in EVENT_TABLES})
    said: list[bytes] = field(default_factory=list)
    placed: dict[str, list[Placed]] = field(default_factory=lambda: {table.name: [] for table in EVENT_TABLES})
    quarantined: list[Quarantined] = field(default_factory=list)


def prepare(decoder: Decoder, appended: Range) -> Prepared:
    """Decodes and packs; touches neither node nor database, so a thread may do it."""
    times = {block.number: block.timestamp for block in appended.blocks}
    read = Read()
    for log in appended.logs:
        read.logs.append(pack_log(log))
        found = read_log(decoder, log, times[log.block_number])
        if isinstance(found, Placed):
            add(read, log, found)
        elif found is not None:
            read.quarantined.append(found)
    return Prepared(
        appended.blocks,
        len(appended.logs),
        packed_blocks(appended.blocks),
        b"".join(read.logs),
        {name: b"".join(rows) for name, rows in read.rows.items()},
        b"".join(read.said),
        read.placed,
        read.quarantined,
    )


def pack_log(log: RawLog) -> bytes:
    """A raw log's row, at half the cost of the general packer where the log is as Ethereum has them."""
    number, index, block_hash, tx_hash, tx_index, address, topics, data = log
    array = WORD_SIZE.join((ARRAYS.get(len(topics), b""), *topics))
    if len(array) != ARRAY_HEAD + len(topics) * (WORD + len(WORD_SIZE)) or len(address) != ADDRESS:
        return packer_of(Log, raw=LOG_HASHES)(log)
    fixed = pack_fixed(8, 8, number, 4, index, WORD, block_hash, WORD, tx_hash, 4, tx_index, ADDRESS, address)
    return b"".join((fixed, array, size_of(len(data)), data))


def read_log(decoder: Decoder, log: RawLog, timestamp: int) -> Placed | Quarantined | None:
    """None for a known event that makes no row. An unknown log stops nothing but itself."""
    decoded = decoder.decode(log, timestamp)
    if isinstance(decoded, Quarantined):
        return decoded
    try:
        return place(decoded)
    except DirtyLog as dirty:
        return Quarantined(log, str(dirty))


def add(read: Read, log: RawLog, placed: Placed) -> None:
    """An event's row and what is announced of it; its arguments are dumped once for both."""
    table, event, _values = placed
    dumped, name = orjson.dumps(event.args), table.name
    read.rows[name].append(pack_event(log, placed, dumped))
    read.said.append(packed_event(event, table.subject(event), dumped))
    read.placed[name].append(placed)


def pack_event(log: RawLog, placed: Placed, dumped: bytes) -> bytes:
    """A typed event's row; `dumped` are its arguments."""
    table, event, values = placed
    row = (log.block_number, log.log_index, log.tx_hash, event.block_timestamp, event.name.encode(), dumped, *values)
    return PACKERS[table.name](row)


def event_columns(table: EventTable) -> tuple[str, ...]:
    return (*EVENT_COLUMNS, *table.columns)


PACKERS: Mapping[str, Pack] = {
    table.name: packer_of(table.model, event_columns(table), frozenset({"tx_hash", "name", "args"}))
    for table in EVENT_TABLES
}


def packed_blocks(blocks: Sequence[Block]) -> bytes:
    pack = packer_of(BlockRow, raw=frozenset({"hash", "parent_hash"}))
    return b"".join([pack((block.number, block.hash, block.parent_hash, block.timestamp)) for block in blocks])


def packed_quarantine(quarantined: Sequence[Quarantined]) -> bytes:
    pack = packer_of(QuarantinedLog, raw=frozenset({"tx_hash", "address"}))
    rows = [
        (one.log.block_number, one.log.log_index, one.log.tx_hash, one.log.address, one.reason) for one in quarantined
    ]
    return b"".join([pack(row) for row in rows])
