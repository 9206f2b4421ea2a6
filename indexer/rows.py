"""From a range to what is stored of it: packed rows of blocks, raw logs, typed events and announcements."""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from app.chain.models import Block as BlockRow
from app.chain.models import Log, QuarantinedLog
from indexer.announce import packed_event
from indexer.answers import Block
from indexer.decode import Contract, Decoder, Quarantined, RawLog
from indexer.fetch import Range
from indexer.packing import Pack, array_head, packer_of, size_of
from indexer.projections import EVENT_TABLES, EventTable, Key, Placed, place
from indexer.records import Make, Unread, makers_of
from indexer.slicers import DirtyLog

LOG_HASHES = frozenset({"block_hash", "tx_hash", "address"})
EVENT_COLUMNS = ("block_number", "log_index", "tx_hash", "block_timestamp", "name", "args")
"""The fields of a ChainEvent, in its order; an event table's own columns follow."""


WORD, ADDRESS, ARRAY_HEAD = 32, 20, 24
WORD_SIZE = size_of(WORD)
ARRAYS = {n: size_of(ARRAY_HEAD - 4 + 36 * n) + array_head(n) for n in range(1, 5)}
"""What stands before the topics, by their number."""
pack_fixed = struct.Struct(">hiqiii32si32siii20s").pack

Touched = tuple[Key, Unread]
"""The values of an event's own columns, and the event."""
Way = tuple[Make, Callable[[bytes], None], Callable[[Touched], None]]
NO_WAY: Way = (lambda _log, _timestamp: None, lambda _row: None, lambda _event: None)
NO_WAYS: Mapping[bytes, Way] = {}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A range as it is stored. `edges` are its first and its last block, where it has any; `events` are what the folds
    take, by the name of their table; `names` are those of all its events."""

    edges: tuple[Block, ...]
    log_count: int
    packed_blocks: bytes
    packed_logs: bytes
    packed_events: Mapping[str, bytes]
    announced: bytes
    events: Mapping[str, Sequence[Touched]]
    names: frozenset[str]
    quarantined: Sequence[Quarantined]


@dataclass(slots=True)
class Read:
    """Packed rows in the making."""

    rows: dict[str, list[bytes]] = field(default_factory=lambda: {table.name: [] for table in EVENT_TABLES})
    said: list[bytes] = field(default_factory=list)
    events: dict[str, list[Touched]] = field(default_factory=lambda: {table.name: [] for table in EVENT_TABLES})
    quarantined: list[Quarantined] = field(default_factory=list)


def prepare(decoder: Decoder, appended: Range) -> Prepared:
    """Decodes and packs; touches neither node nor database, so a thread may do it."""
    times = {block.number: block.timestamp for block in appended.blocks}
    read = read_logs(decoder, ((log, times[log.block_number]) for log in appended.logs))
    return Prepared(
        appended.blocks[:1] + appended.blocks[-1:],
        len(appended.logs),
        packed_blocks(appended.blocks),
        b"".join(map(pack_log, appended.logs)),
        {name: b"".join(rows) for name, rows in read.rows.items()},
        b"".join(read.said),
        read.events,
        frozenset(event.name for touched in read.events.values() for _values, event in touched),
        read.quarantined,
    )


def read_logs(decoder: Decoder, logs: Iterable[tuple[RawLog, int]]) -> Read:
    """What logs, each with its block's timestamp, say. An unknown one stops nothing but itself."""
    read = Read()
    ways, said = {address: short_ways(read, contract) for address, contract in decoder.contracts.items()}, read.said
    for log, timestamp in logs:
        topics = log[6]
        make, add_row, add_event = ways.get(log[5], NO_WAYS).get(topics[0] if topics else b"", NO_WAY)
        try:
            record = make(log, timestamp)
        except DirtyLog:
            record = None
        if record is None:
            longest(read, decoder, log, timestamp)
        else:
            row, announced, values, event = record
            add_row(row)
            said.append(announced)
            add_event((values, event))
    return read


def short_ways(read: Read, contract: Contract) -> Mapping[bytes, Way]:
    """By topic, what makes an event's record, and where it goes."""
    return {
        topic: (make, read.rows[table.name].append, read.events[table.name].append)
        for topic, (table, make) in makers_of(contract).items()
    }


def longest(read: Read, decoder: Decoder, log: RawLog, timestamp: int) -> None:
    """Adds any log, read value by value; a known event may make no row."""
    found = read_log(decoder, log, timestamp)
    if isinstance(found, Quarantined):
        read.quarantined.append(found)
    if not isinstance(found, Placed):
        return
    table, event, values = found
    args = orjson.dumps(event.args)
    read.rows[table.name].append(pack_event(log, found, args))
    read.said.append(packed_event(event, table.subject(event), args))
    unread = Unread(event.block_number, event.log_index, log.tx_hash, event.block_timestamp, event.name, args)
    read.events[table.name].append((values, unread))


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
