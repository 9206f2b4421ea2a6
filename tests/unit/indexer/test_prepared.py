"""A range that is read in passing says what the same range says log by log, and what is wrong with it is told."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from indexer import prepared
from indexer.answers import Block, Text, log_of
from indexer.decode import Contract, readers_of
from indexer.errors import MalformedAnswer, TornRange
from indexer.fetch import Range
from indexer.prepared import Shelved, begin_shelved, clear_shelf, prepare_texts
from indexer.rows import Reading, prepare
from tests.unit.indexer.test_decode import DECODER, DEPLOYMENT

Entry = dict[str, Any]
SUBMITTED = next(topic for topic, reader in readers_of(Contract.ESCROW).items() if reader.name == "TaskSubmitted")
WORDS = ["0x" + f"{number:064x}" for number in (7, 8, 9)]


def block(number: int) -> Block:
    return Block(number, bytes([number]) * 32, bytes([number - 1]) * 32, 1_000 + number)


BLOCKS = (block(1), block(2), block(3))


def entry(number: int, index: int, **changed: Any) -> Entry:
    """A submission, in one of the blocks."""
    return {
        "address": DEPLOYMENT.escrow.lower(),
        "topics": ["0x" + SUBMITTED.hex(), WORDS[0], WORDS[1]],
        "data": WORDS[2],
        "blockHash": "0x" + block(number).hash.hex(),
        "blockNumber": hex(number),
        "transactionHash": "0x" + "ab" * 32,
        "transactionIndex": "0x0",
        "logIndex": hex(index),
        **changed,
    }


@pytest.fixture(autouse=True)
def _shelf() -> Iterator[None]:
    yield
    clear_shelf()


def read(entries: list[Entry]) -> Shelved:
    """As two answers of a node."""
    headers = [
        {
            "id": n,
            "result": {
                "number": hex(each.number),
                "hash": "0x" + each.hash.hex(),
                "parentHash": "0x" + each.parent_hash.hex(),
                "timestamp": hex(each.timestamp),
                "logsBloom": "0x" + "00" * 256,
            },
        }
        for n, each in enumerate(BLOCKS)
    ]
    answers = [Text(json.dumps(headers).encode(), len(BLOCKS))]
    return prepare_texts(answers, Text(json.dumps([{"id": 0, "result": entries}]).encode(), 1), DEPLOYMENT)


def one_by_one(entries: list[Entry]) -> Any:
    logs = sorted(map(log_of, entries), key=lambda log: (log.block_number, log.log_index))
    return prepare(DECODER, Range(BLOCKS, tuple(logs)))


GOOD = [entry(1, 0), entry(1, 1), entry(3, 0), entry(3, 4)]


@pytest.mark.parametrize(
    "entries",
    [
        GOOD,
        [],
        [GOOD[0], entry(2, 0, data="0x"), GOOD[3]],
        [GOOD[0], entry(2, 0, data=WORDS[2] + "00"), GOOD[3]],
        [GOOD[0], entry(2, 0, topics=[]), entry(2, 1, topics=[WORDS[0]] * 4), entry(2, 2, topics=[WORDS[0]])],
        [entry(1, 0, address="0x" + "99" * 20), GOOD[1]],
        list(reversed(GOOD)),
        [{**each, "blockHash": each["blockHash"].upper().replace("X", "x")} for each in GOOD],
    ],
    ids=["good", "none", "short", "long", "topics", "elsewhere", "backwards", "upper"],
)
def test_a_range_says_what_its_logs_say_one_by_one(entries: list[Entry]) -> None:
    shelved, expected = read(entries), one_by_one(entries)
    for field in ("edges", "log_count", "packed_blocks", "packed_logs", "packed_events", "announced", "names"):
        assert getattr(shelved.prepared, field) == getattr(expected, field)
    assert list(shelved.prepared.quarantined) == list(expected.quarantined)
    assert prepared._shelf[shelved.ticket] == expected.events


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ([entry(1, 0, blockHash="0x" + "ff" * 32)], "another fork"),
        ([entry(9, 0)], "another fork"),
        ([entry(1, 0), entry(1, 0)], "came twice"),
    ],
)
def test_a_torn_range_is_refused(wrong: list[Entry], reason: str) -> None:
    with pytest.raises(TornRange, match=reason):
        read(wrong)
    assert prepared._shelf == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda each: each.pop("data"),
        lambda each: each.update(data="0x1"),
        lambda each: each.update(data=None),
        lambda each: each.update(logIndex=7),
        lambda each: each.update(transactionHash="0xzz"),
        lambda each: each.update(topics=None),
    ],
    ids=["no data", "half a byte", "null", "a number", "no hex", "no topics"],
)
def test_what_is_no_log_is_no_answer(change: Callable[[Entry], None]) -> None:
    broken = dict(GOOD[1])
    change(broken)
    with pytest.raises(MalformedAnswer):
        read([GOOD[0], broken])


def test_an_error_of_our_own_is_not_blamed_on_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> bool:
        raise ValueError("ours")

    monkeypatch.setattr(Reading, "row", fail)
    with pytest.raises(ValueError, match="ours"):
        read(GOOD)


def test_a_fold_takes_its_ranges_off_the_shelf_and_what_was_read_twice() -> None:
    first, again = read(GOOD), read(GOOD)
    assert first.ticket != again.ticket
    folds = begin_shelved(DEPLOYMENT, [again.ticket])
    assert sum(len(fold.older) for fold in folds) == 1, "a submission alone goes on from a stored row"
    assert prepared._shelf == {}
