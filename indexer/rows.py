"""From a range to what is stored of it: packed rows of blocks, raw logs, typed events and announcements."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from app.chain.events import ChainEvent
from app.chain.models import Block as BlockRow
from app.chain.models import QuarantinedLog
from indexer.announce import packed_event
from indexer.answers import Block
from indexer.decode import Decoder, Quarantined, RawLog
from indexer.fetch import Range
from indexer.log_rows import KEY, key_of, pack_log
from indexer.packing import Pack, packer_of
from indexer.projections import EVENT_TABLES, EventTable, Key, Placed, place
from indexer.records import Make, makers_of
from indexer.slicers import DirtyLog

EVENT_COLUMNS = ("block_number", "log_index", "tx_hash", "block_timestamp", "name", "args")
"""The fields of a ChainEvent, in its order; an event table's own columns follow."""


Touched = tuple[Key, ChainEvent]
"""The values of an event's own columns, and the event."""
Way = tuple[Make, Callable[[bytes], None], Callable[[Touched], None]]
"""What makes an event's record, and where its row and the event go."""


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

    logs: list[bytes] = field(default_factory=list)
    rows: dict[str, list[bytes]] = field(default_factory=lambda: {table.name: [] for table in EVENT_TABLES})
    said: list[bytes] = field(default_factory=list)
    events: dict[str, list[Touched]] = field(default_factory=lambda: {table.name: [] for table in EVENT_TABLES})
    quarantined: list[Quarantined] = field(default_factory=list)


def prepare(decoder: Decoder, appended: Range) -> Prepared:
    """Decodes and packs; touches neither node nor database, so a thread may do it."""
    return read_logs(decoder, appended.blocks, appended.logs).prepared(appended.blocks)


class Reading:
    """Reads logs one by one, in any form. An unknown one stops nothing but itself."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self.read = Read()
        self.blocks = set[int]()
        """Those of which a log was read."""
        self._ways = {
            key_of(address, *key): (make, self.read.rows[table.name].append, self.read.events[table.name].append)
            for address, contract in decoder.contracts.items()
            for key, (table, make) in makers_of(contract).items()
        }
        self._add_log, self._saw, self._say = self.read.logs.append, self.blocks.add, self.read.said.append

    def log(self, log: RawLog, timestamp: int) -> None:
        """One log of a block at `timestamp`."""
        row = pack_log(log)
        if not self.row(row, log.block_number, log.log_index, timestamp):
            self._add_log(row)
            self._saw(log.block_number)
            longest(self.read, self._decoder, log, timestamp)

    def row(self, log: bytes, number: int, index: int, timestamp: int) -> bool:
        """One log's row, at this place; False, and nothing is done, where it must go the long way."""
        way = self._ways.get(log[KEY])
        if way is None:
            return False
        make, add_row, add_event = way
        try:
            record = make(log, number, index, timestamp)
        except DirtyLog:
            return False
        if record is None:
            return False
        row, said, values, event = record
        self._add_log(log)
        self._saw(number)
        add_row(row)
        self._say(said)
        add_event((values, event))
        return True

    def prepared(self, blocks: tuple[Block, ...]) -> Prepared:
        """All that was read of these blocks."""
        read = self.read
        return Prepared(
            blocks[:1] + blocks[-1:],
            len(read.logs),
            packed_blocks(blocks),
            b"".join(read.logs),
            {name: b"".join(rows) for name, rows in read.rows.items()},
            b"".join(read.said),
            read.events,
            frozenset(event.name for touched in read.events.values() for _values, event in touched),
            read.quarantined,
        )


def read_logs(decoder: Decoder, blocks: Iterable[Block], logs: Iterable[RawLog]) -> Reading:
    """What the logs of these blocks say, one by one."""
    times, reading = {block.number: block.timestamp for block in blocks}, Reading(decoder)
    for log in logs:
        reading.log(log, times[log.block_number])
    return reading


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
    read.events[table.name].append((values, event))


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
