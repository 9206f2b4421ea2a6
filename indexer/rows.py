"""The rows that a range is appended as: blocks, raw logs, typed events, and what could not be read."""

from collections.abc import Sequence
from typing import Any

from app.chain.models import Block as BlockRow
from app.chain.models import Log, QuarantinedLog
from indexer import tables
from indexer.decode import Decoder, Quarantined, RawLog
from indexer.fetch import Range
from indexer.node import Block
from indexer.projections import Placed, place
from indexer.slicers import DirtyLog
from indexer.tables import Row


def read(decoder: Decoder, appended: Range) -> tuple[list[Placed], list[Quarantined]]:
    """The events of a range, and the logs that are none. An unknown log stops nothing but itself."""
    times = {block.number: block.timestamp for block in appended.blocks}
    placed: list[Placed] = []
    quarantined: list[Quarantined] = []
    for log in appended.logs:
        found = read_log(decoder, log, times[log.block_number])
        if isinstance(found, Placed):
            placed.append(found)
        elif found is not None:
            quarantined.append(found)
    return placed, quarantined


def read_log(decoder: Decoder, log: RawLog, timestamp: int) -> Placed | Quarantined | None:
    """None for a known event that makes no row."""
    decoded = decoder.decode(log, timestamp)
    if isinstance(decoded, Quarantined):
        return decoded
    try:
        return place(decoded)
    except DirtyLog as dirty:
        return Quarantined(log, str(dirty))


def block_rows(blocks: Sequence[Block]) -> list[Row]:
    return [in_order(BlockRow, vars_of(block)) for block in blocks]


def log_rows(logs: Sequence[RawLog]) -> list[Row]:
    return [in_order(Log, {**vars_of(log), "topics": list(log.topics)}) for log in logs]


def quarantine_rows(quarantined: Sequence[Quarantined]) -> list[Row]:
    return [in_order(QuarantinedLog, {**vars_of(one.log), "reason": one.reason}) for one in quarantined]


def event_rows(placed: Sequence[Placed]) -> list[Row]:
    return [event_row(one) for one in placed]


def event_row(placed: Placed) -> Row:
    """Hex becomes bytes: an event has the forms of the API, a row those of the table."""
    table = placed.table
    values = {**placed.event._asdict(), **dict(zip(table.columns, placed.values, strict=True))}
    return [convert(values[name]) for name, convert in tables.converters_of(table.model)]


def in_order(model: Any, values: dict[str, Any]) -> Row:
    return [values[name] for name in tables.names_of(model)]


def vars_of(value: Any) -> dict[str, Any]:
    """The fields of a dataclass with slots, without the deep copy of dataclasses.asdict."""
    return {name: getattr(value, name) for name in value.__slots__}
