"""What a node's answers say: from JSON to blocks and logs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import orjson

from indexer.decode import RawLog
from indexer.errors import MalformedAnswer, NodeRefused
from indexer.filters import Bloom

Answer = dict[str, Any]
LogEntry = dict[str, Any]
T = TypeVar("T")
from_hex = bytes.fromhex
MISSHAPEN = (KeyError, ValueError, TypeError, AttributeError)
"""What reading raises where an answer has not the shape that its method promises."""
NO_BLOCK_YET = "a block is not known to the node"


@dataclass(frozen=True, slots=True)
class Block:
    """A header: what links blocks, and the time of their logs (unix seconds)."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Tip:
    """The head, and the newest block that the chain calls final (None where it says none just now)."""

    head: Block
    finalized_number: int | None
    finalized_hash: bytes | None = None
    """Of that block; None where blocks are counted."""


class Text(NamedTuple):
    """The answers to so many calls, numbered from 0, as they came."""

    said: bytes
    calls: int


def each_answer(text: Text, read: Callable[[Answer], T]) -> list[T]:
    """In the order of the calls. Raises MalformedAnswer where an answer is missing or has another shape."""
    try:
        by_id = {answer["id"]: answer for answer in orjson.loads(text.said)}
        return [read(by_id[n]) for n in range(text.calls)]
    except MISSHAPEN as error:
        raise MalformedAnswer(type(error).__name__) from error


def logs_of(answer: Answer) -> list[RawLog]:
    return list(map(log_of, entries_of(answer)))


def entries_of(answer: Answer) -> list[LogEntry]:
    """The logs that are on the chain, as the node gave them."""
    return [entry for entry in result_of("eth_getLogs", answer) if not entry.get("removed")]


def header_of(answer: Answer) -> tuple[Block, Bloom]:
    result = block_result(answer)
    return block_of(result), Bloom(from_hex(result["logsBloom"][2:]))


def result_of(method: str, answer: Answer) -> Any:
    if "error" in answer:
        raise NodeRefused(method, str(answer["error"].get("message"))[:200])
    return answer["result"]


def block_result(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] | None = result_of("eth_getBlockByNumber", answer)
    if found is None:
        raise NodeRefused("eth_getBlockByNumber", NO_BLOCK_YET)
    return found


def tagged_block(answer: Answer) -> Block | None:
    result = answer.get("result")
    return block_of(result) if result else None


def block_of(result: dict[str, Any]) -> Block:
    return Block(
        number=int(result["number"], 16),
        hash=from_hex(result["hash"][2:]),
        parent_hash=from_hex(result["parentHash"][2:]),
        timestamp=int(result["timestamp"], 16),
    )


def log_of(entry: LogEntry) -> RawLog:
    topics = entry["topics"]
    return RawLog(
        number_of(entry["blockNumber"]),
        number_of(entry["logIndex"]),
        repeated(entry["blockHash"]),
        from_hex(entry["transactionHash"][2:]),
        number_of(entry["transactionIndex"]),
        repeated(entry["address"]),
        (repeated(topics[0]), *[from_hex(topic[2:]) for topic in topics[1:]]) if len(topics) else (),
        from_hex(entry["data"][2:]),
    )


@lru_cache(maxsize=4_096)
def number_of(text: str) -> int:
    return int(text, 16)


@lru_cache(maxsize=4_096)
def repeated(text: str) -> bytes:
    """What many logs say alike."""
    return from_hex(text[2:])
