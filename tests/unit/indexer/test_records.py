"""The short way of an event makes what the long way makes, and leaves it every log that it cannot read."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple
from hypothesis import given
from hypothesis import strategies as st

from app.chain.contracts import abi
from app.chain.events import ChainEvent
from indexer.announce import packed_event
from indexer.decode import Contract, Decoded, RawLog, readers_of
from indexer.log_rows import KEY, key_of, pack_log
from indexer.projections import EVENT_TABLES, EventTable, Key, Placed, place
from indexer.records import Make, indexed_in, makers_of
from indexer.rows import pack_event
from indexer.slicers import DirtyLog
from tests.unit.indexer.test_slicers import values

TIMESTAMP, TX = 1_800_000_000, bytes(range(32))
MADE = [
    (table, entry, made[1])
    for table in EVENT_TABLES
    for (_topics, topic), made in makers_of(table.contract).items()
    for entry in abi(table.contract)
    if entry["type"] == "event" and entry["name"] == readers_of(table.contract)[topic].name
]
IDS = [f"{table.contract}.{entry['name']}" for table, entry, _make in MADE]
MadeEvent = tuple[EventTable, Mapping[str, Any], Make]


def log_of(contract: Contract, entry: Mapping[str, Any], given_values: list[Any]) -> RawLog:
    """A log of the event, as a contract would write it."""
    topic = next(topic for topic, reader in readers_of(contract).items() if reader.name == entry["name"])
    topics, kinds, body = [topic], [], []
    for argument, value in zip(entry["inputs"], given_values, strict=True):
        kind = collapse_if_tuple(dict(argument))
        if not argument["indexed"]:
            kinds.append(kind)
            body.append(value)
        elif kind in ("string", "bytes"):
            topics.append(bytes(range(32)))
        else:
            topics.append(encode([kind], [value]))
    return RawLog(7, 3, bytes(32), TX, 1, bytes(20), tuple(topics), encode(kinds, body))


def the_long_way(contract: Contract, log: RawLog) -> tuple[bytes, bytes, Key, ChainEvent]:
    """Value by value. Raises DirtyLog."""
    reader = readers_of(contract)[log.topics[0]]
    args = reader.read(log.topics, log.data)
    event = ChainEvent(log.block_number, log.log_index, "0x" + log.tx_hash.hex(), TIMESTAMP, reader.name, args)
    placed = place(Decoded(reader, event))
    assert isinstance(placed, Placed)
    dumped = orjson.dumps(args)
    said = packed_event(event, placed.table.subject(event), dumped)
    return pack_event(log, placed, dumped), said, placed.values, event


def indexed(contract: Contract, log: RawLog) -> int:
    """How many topics its event has behind the first."""
    name = readers_of(contract)[log.topics[0]].name
    return next(len(indexed_in(entry)) for entry in abi(contract) if entry["type"] == "event" and entry["name"] == name)


def compare(contract: Contract, make: Make, log: RawLog) -> bool:
    """Whether the short way took the log. Where it did, everything is the same; a dirty one it never takes."""
    try:
        expected = the_long_way(contract, log)
    except DirtyLog:
        expected = None
    try:
        row = pack_log(log)
        at_key = row[KEY] == key_of(log.address, 1 + indexed(contract, log), log.topics[0])
        made = make(row, log.block_number, log.log_index, TIMESTAMP) if at_key else None
    except DirtyLog:
        made = None
    if made is None:
        return False
    assert expected is not None
    assert made[:3] == expected[:3]
    assert made[3] == expected[3]
    return True


@pytest.mark.parametrize(("made"), MADE, ids=IDS)
@given(data=st.data())
def test_a_record_is_what_the_long_way_makes(made: MadeEvent, data: st.DataObject) -> None:
    table, entry, make = made
    drawn = [data.draw(values(argument)) for argument in entry["inputs"]]
    named = dict(zip((argument["name"] for argument in entry["inputs"]), drawn, strict=True))
    fits = all(named.get(name, 0) < 2**63 for name in ("agentId", "id", "feedbackIndex"))
    short = named["channelId"] != bytes(32) if table.name == "channel_events" else fits or table.name == "escrow_events"
    assert compare(table.contract, make, log_of(table.contract, entry, drawn)) is short


@pytest.mark.parametrize(("made"), MADE, ids=IDS)
@given(data=st.data())
def test_a_broken_log_is_left_to_the_long_way(made: MadeEvent, data: st.DataObject) -> None:
    table, entry, make = made
    log = log_of(table.contract, entry, [data.draw(values(argument)) for argument in entry["inputs"]])
    broken = bytearray(b"".join(log.topics[1:]) + log.data)
    at = data.draw(st.integers(0, len(broken) - 1))
    broken[at] ^= data.draw(st.integers(1, 255))
    split = 32 * (len(log.topics) - 1)
    topics = (log.topics[0], *(bytes(broken[n : n + 32]) for n in range(0, split, 32)))
    compare(table.contract, make, log._replace(topics=topics, data=bytes(broken[split:])))


@pytest.mark.parametrize(("made"), MADE, ids=IDS)
@given(data=st.data())
def test_a_short_or_long_log_is_no_other(made: MadeEvent, data: st.DataObject) -> None:
    table, entry, make = made
    log = log_of(table.contract, entry, [data.draw(values(argument)) for argument in entry["inputs"]])
    cut = data.draw(st.integers(0, len(log.data)))
    compare(table.contract, make, log._replace(data=log.data[:cut]))
    compare(table.contract, make, log._replace(data=log.data + b"\1"))
    compare(table.contract, make, log._replace(topics=(*log.topics, bytes(32))))
    compare(table.contract, make, log._replace(topics=log.topics[:-1]))


def test_the_frequent_events_have_a_short_way() -> None:
    assert {"TaskEscrow.TaskFunded", "TaskEscrow.TaskReleased", "ReputationRegistry.NewFeedback"} <= set(IDS)
    assert len(IDS) > 20
