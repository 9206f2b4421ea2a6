"""JSON-RPC to one node: batches over HTTP, every call with a time-out, each remembered in the node's score."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import orjson

from indexer.decode import RawLog
from indexer.errors import NodeRefused, NodeUnavailable
from indexer.filters import Bloom
from indexer.metrics import metrics
from indexer.score import Score
from indexer.wire import Wire
from indexer.work import work

MAX_CALLS_PER_REQUEST = 100
Answer = dict[str, Any]
T = TypeVar("T")
from_hex = bytes.fromhex
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


class Node:
    """One node. With `finality_depth` blocks are counted instead of asked for finality. `name` is how it is told of."""

    def __init__(
        self, url: str, *, timeout_seconds: float, finality_depth: int | None = None, name: str | None = None
    ) -> None:
        self._wire = Wire(url, timeout_seconds, name)
        self.name = self._wire.name
        self.score = Score()
        self.of_chain: int | None = None
        """The chain it said to be of since it last failed."""
        self._finality_depth = finality_depth

    def close(self) -> None:
        self._wire.close()

    async def chain_id(self) -> int:
        (self.of_chain,) = await self._ask(
            [("eth_chainId", [])], lambda answer: int(result_of("eth_chainId", answer), 16)
        )
        return self.of_chain

    async def tip(self) -> Tip:
        """Head and finality. Raises NodeUnavailable or NodeRefused."""
        tags = ("latest",) if self._finality_depth else ("latest", "finalized")
        began = time.monotonic()
        # A node without the tag answers with an error or with null, and may do so for a moment only.
        head, *finalized = await self._ask([("eth_getBlockByNumber", [tag, False]) for tag in tags], tagged_block)
        if head is None:
            raise NodeRefused("eth_getBlockByNumber", NO_BLOCK_YET)
        self.score.tips.took(time.monotonic() - began)
        self.score.head = head.number
        if self._finality_depth:
            return Tip(head, max(0, head.number - self._finality_depth))
        found = finalized[0]
        return Tip(head, found.number, found.hash) if found else Tip(head, None)

    async def blocks(self, first: int, last: int) -> list[Block]:
        """The headers of first..last. Raises NodeRefused where one is not there."""
        return [block for block, _bloom in await self.headers(first, last)]

    async def headers(self, first: int, last: int) -> list[tuple[Block, Bloom]]:
        """The headers of first..last, each with the filter over the addresses and topics of its logs."""
        calls = [("eth_getBlockByNumber", [hex(number), False]) for number in range(first, last + 1)]
        return await self._ask(calls, header_of)

    async def logs(self, addresses: Sequence[bytes], first: int, last: int) -> list[RawLog]:
        """The logs of the addresses in first..last. Raises NodeRefused, for one where the range is too large."""
        return await self._logs(addresses, {"fromBlock": hex(first), "toBlock": hex(last)})

    async def logs_in(self, addresses: Sequence[bytes], block_hash: bytes) -> list[RawLog]:
        """The logs of the addresses in exactly this block (EIP-234): an error, not nothing, where it is unknown."""
        return await self._logs(addresses, {"blockHash": to_hex(block_hash)})

    async def call(self, to: str, data: bytes, block_hash: bytes) -> bytes:
        """What a contract answers at exactly this block (EIP-1898): an error where it is not on the chain."""
        at = {"blockHash": to_hex(block_hash), "requireCanonical": True}
        calls = [("eth_call", [{"to": to, "data": to_hex(data)}, at])]
        (found,) = await self._ask(calls, lambda answer: from_hex(result_of("eth_call", answer)[2:]))
        return found

    async def _logs(self, addresses: Sequence[bytes], which: dict[str, str]) -> list[RawLog]:
        wanted = {"address": [to_hex(address) for address in addresses], **which}
        (logs,) = await self._ask([("eth_getLogs", [wanted])], logs_of)
        return logs

    async def _ask(self, calls: Sequence[tuple[str, list[Any]]], read: Callable[[Answer], T]) -> list[T]:
        """What `read` makes of each answer, in the order of the calls. Many are asked from a thread and read in the
        worker's, so that neither stops the loop."""
        wire, found = self._wire, list[T]()
        try:
            for start in range(0, len(calls), MAX_CALLS_PER_REQUEST):
                some = calls[start : start + MAX_CALLS_PER_REQUEST]
                text = await asyncio.to_thread(wire.post, some)
                found += await work(each_answer, wire, text, len(some), read)
                self._count("ok")
        except NodeRefused:
            self._count("refused")
            raise
        except NodeUnavailable as error:
            self._count("unavailable")
            self.score.failed()
            self.score.rest(error.after)
            self.of_chain = None
            raise
        self.score.served()
        return found

    def _count(self, outcome: str) -> None:
        metrics.count("rpc_requests_total", outcome=outcome, host=self.name)


def each_answer(wire: Wire, text: bytes, count: int, read: Callable[[Answer], T]) -> list[T]:
    """In the order of the calls. Raises NodeUnavailable where an answer is missing or has another shape."""
    try:
        by_id = {answer["id"]: answer for answer in orjson.loads(text)}
        return [read(by_id[n]) for n in range(count)]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise wire.unavailable(error) from error


def logs_of(answer: Answer) -> list[RawLog]:
    return [log_of(entry) for entry in result_of("eth_getLogs", answer) if not entry.get("removed")]


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


def log_of(entry: Answer) -> RawLog:
    topics = entry["topics"]
    return RawLog(
        number_of(entry["blockNumber"]),
        number_of(entry["logIndex"]),
        repeated(entry["blockHash"]),
        from_hex(entry["transactionHash"][2:]),
        number_of(entry["transactionIndex"]),
        repeated(entry["address"]),
        (repeated(topics[0]), *[from_hex(topic[2:]) for topic in topics[1:]]) if topics else (),
        from_hex(entry["data"][2:]),
    )


@lru_cache(maxsize=4_096)
def number_of(text: str) -> int:
    return int(text, 16)


@lru_cache(maxsize=4_096)
def repeated(text: str) -> bytes:
    """What many logs say alike."""
    return from_hex(text[2:])


def to_hex(value: bytes) -> str:
    return "0x" + value.hex()
