"""Slicers read what eth_abi and web3.py read, and refuse what eth_abi refuses."""

from collections.abc import Mapping
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from hypothesis import given, settings
from hypothesis import strategies as st
from web3 import Web3

from app.chain.contracts import abi
from indexer.decode import Contract, readers_of
from indexer.generated import ReadLog, reader_of
from indexer.slicers import MAX_JSON_BITS, DirtyLog, UnsupportedType

UNPLACED: dict[str, Any] = {
    "address": "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
    "blockHash": HexBytes(bytes(32)),
    "blockNumber": 1,
    "logIndex": 0,
    "transactionHash": HexBytes(bytes(32)),
    "transactionIndex": 0,
}

EVENTS = [entry for contract in Contract for entry in abi(contract) if entry["type"] == "event"]


def values(entry: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Any value of an ABI entry's type, as eth_abi takes it."""
    match entry["type"]:
        case "address":
            return st.binary(min_size=20, max_size=20).map(to_checksum_address)
        case "bool":
            return st.booleans()
        case "string":
            return st.text(st.characters(codec="utf-8", exclude_characters="\0"))
        case "bytes":
            return st.binary(max_size=100)
        case "tuple":
            return st.tuples(*(values(component) for component in entry["components"]))
        case kind if kind.startswith("uint"):
            return st.integers(0, 2 ** int(kind[4:]) - 1)
        case kind if kind.startswith("int"):
            half = 2 ** (int(kind[3:]) - 1)
            return st.integers(-half, half - 1)
        case kind:
            size = int(kind.removeprefix("bytes"))
            return st.binary(min_size=size, max_size=size)


def in_json(entry: Mapping[str, Any], value: Any) -> Any:
    """The JSON form of what eth_abi or web3.py decoded."""
    kind = entry["type"]
    if kind == "tuple":
        items = value.values() if isinstance(value, Mapping) else value  # web3.py names what eth_abi counts
        return {c["name"]: in_json(c, item) for c, item in zip(entry["components"], items, strict=True)}
    if kind == "address":
        return to_checksum_address(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if kind.startswith(("uint", "int")) and int(kind.lstrip("uint")) > MAX_JSON_BITS:
        return str(value)
    return value


def data_entries(event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [entry for entry in event["inputs"] if not entry["indexed"]]


def topic_entries(event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    hashed = {"string": "bytes32", "bytes": "bytes32"}
    return [
        {**entry, "type": hashed.get(entry["type"], entry["type"])} for entry in event["inputs"] if entry["indexed"]
    ]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["name"])
@given(data=st.data())
def test_reads_what_eth_abi_reads(event: Mapping[str, Any], data: st.DataObject) -> None:
    body, topics = data_entries(event), topic_entries(event)
    drawn = data.draw(st.tuples(*(values(entry) for entry in (*topics, *body))))
    words = [encode([entry["type"]], [value]) for entry, value in zip(topics, drawn, strict=False)]
    kinds = [collapse_if_tuple(dict(entry)) for entry in body]
    encoded = encode(kinds, drawn[len(topics) :])
    slicer, read = reader_of(event)
    expected = {e["name"]: in_json(e, decode([e["type"]], word)[0]) for e, word in zip(topics, words, strict=True)}
    expected |= {e["name"]: in_json(e, value) for e, value in zip(body, decode(kinds, encoded), strict=True)}
    assert read([slicer.topic, *words], encoded) == expected
    assert slicer.args([slicer.topic, *words], encoded) == expected


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["name"])
@settings(max_examples=20)
@given(data=st.data())
def test_reads_what_web3_reads(event: Mapping[str, Any], data: st.DataObject) -> None:
    body, topics = data_entries(event), topic_entries(event)
    drawn = data.draw(st.tuples(*(values(entry) for entry in (*topics, *body))))
    words = [encode([entry["type"]], [value]) for entry, value in zip(topics, drawn, strict=False)]
    encoded = encode([collapse_if_tuple(dict(entry)) for entry in body], drawn[len(topics) :])
    slicer, read = reader_of(event)
    log = UNPLACED | {"topics": [HexBytes(word) for word in (slicer.topic, *words)], "data": HexBytes(encoded)}
    witness = Web3().eth.contract(abi=[event]).events[event["name"]]().process_log(log)["args"]
    assert read([slicer.topic, *words], encoded) == {
        entry["name"]: in_json(entry, witness[entry["name"]]) for entry in (*topics, *body)
    }


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["name"])
@given(noise=st.binary(max_size=640))
def test_refuses_noise_exactly_when_eth_abi_does(event: Mapping[str, Any], noise: bytes) -> None:
    body = data_entries(event)
    kinds = [collapse_if_tuple(dict(entry)) for entry in body]
    topics = [bytes(32) for _ in topic_entries(event)]
    slicer, read = reader_of(event)
    try:
        decode(kinds, noise)
    except UnicodeDecodeError:
        return  # Text that is not UTF-8 is kept with U+FFFD where eth_abi gives up.
    except (DecodingError, OverflowError):
        with pytest.raises(DirtyLog):
            read([slicer.topic, *topics], noise)
    else:
        assert read([slicer.topic, *topics], noise) == slicer.args([slicer.topic, *topics], noise)


def one_field(kind: str, *, indexed: bool = False) -> ReadLog:
    inputs = [{"name": "v", "type": kind, "indexed": indexed}]
    return reader_of({"name": "E", "type": "event", "inputs": inputs})[1]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("address", b"\x01" + bytes(31)),
        ("bool", (2).to_bytes(32)),
        ("uint96", (2**96).to_bytes(32)),
        ("int128", (2**127).to_bytes(32)),
        ("bytes4", b"\x01" * 5 + bytes(27)),
        ("string", (64).to_bytes(32)),
        ("string", (32).to_bytes(32) + (1).to_bytes(32)),
        ("string", (32).to_bytes(32) + (1).to_bytes(32) + b"ab" + bytes(30)),
    ],
)
def test_refuses_dirty_words(kind: str, word: bytes) -> None:
    with pytest.raises(DirtyLog):
        one_field(kind)([bytes(32)], word)


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        ("address", b"\x01" + bytes(31)),
        ("bool", (2).to_bytes(32)),
        ("uint64", (2**64).to_bytes(32)),
        ("bytes32", b"\x01"),
    ],
)
def test_refuses_dirty_topics(kind: str, topic: bytes) -> None:
    with pytest.raises(DirtyLog):
        one_field(kind, indexed=True)([bytes(32), topic], b"")


def test_refuses_too_few_topics() -> None:
    with pytest.raises(DirtyLog, match="1 topics, not 2"):
        one_field("address", indexed=True)([bytes(32)], b"")


@pytest.mark.parametrize(("raw", "kept"), [(b"a\0b", "a\ufffdb"), (b"\xff", "\ufffd"), (b"\xed\xa0\x80", "\ufffd" * 3)])
def test_keeps_text_that_postgresql_cannot_hold_with_replacements(raw: bytes, kept: str) -> None:
    data = (32).to_bytes(32) + len(raw).to_bytes(32) + raw + bytes(32 - len(raw))
    assert one_field("string")([bytes(32)], data) == {"v": kept}


@pytest.mark.parametrize("kind", ["uint256[]", "tuple[]", "function"])
def test_refuses_types_that_no_mirrored_event_has(kind: str) -> None:
    with pytest.raises(UnsupportedType):
        one_field(kind)


def test_topics_are_those_of_the_contracts() -> None:
    names = {reader.name for reader in readers_of(Contract.ESCROW).values()}
    assert {"TaskFunded", "TaskAwarded", "PaymentOwed", "FundingPaused"} <= names
