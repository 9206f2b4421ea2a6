"""JSON-RPC to one node: batches over HTTP, every call with a time-out, each remembered in the node's score."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple

from indexer.answers import (
    NO_BLOCK_YET,
    Answer,
    Block,
    Text,
    Tip,
    each_answer,
    from_hex,
    header_of,
    logs_of,
    result_of,
    tagged_block,
)
from indexer.decode import RawLog
from indexer.errors import MalformedAnswer, NodeRefused, NodeUnavailable
from indexer.filters import Bloom
from indexer.metrics import metrics
from indexer.score import Score
from indexer.wire import Wire
from indexer.work import compute, work

MAX_CALLS_PER_REQUEST = 100
Call = tuple[str, list[Any]]
Given = TypeVarTuple("Given")
T = TypeVar("T")


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
        return await self._ask(header_calls(first, last), header_of)

    async def logs(self, addresses: Sequence[bytes], first: int, last: int) -> list[RawLog]:
        """The logs of the addresses in first..last. Raises NodeRefused, for one where the range is too large."""
        return await self._logs(addresses, in_range(first, last))

    async def logs_in(self, addresses: Sequence[bytes], block_hash: bytes) -> list[RawLog]:
        """The logs of the addresses in exactly this block (EIP-234): an error, not nothing, where it is unknown."""
        return await self._logs(addresses, {"blockHash": to_hex(block_hash)})

    async def call(self, to: str, data: bytes, block_hash: bytes) -> bytes:
        """What a contract answers at exactly this block (EIP-1898): an error where it is not on the chain."""
        at = {"blockHash": to_hex(block_hash), "requireCanonical": True}
        calls = [("eth_call", [{"to": to, "data": to_hex(data)}, at])]
        (found,) = await self._ask(calls, lambda answer: from_hex(result_of("eth_call", answer)[2:]))
        return found

    async def compute(
        self,
        lane: int,
        addresses: Sequence[bytes],
        first: int,
        last: int,
        function: Callable[[Sequence[Text], Text, *Given], T],
        *given: *Given,
    ) -> T:
        """What a module's function makes of this node's headers and logs of a range, in a helper where there
        is one. Raises what the function raises, and as `logs` does."""
        asked = self._texts(header_calls(first, last)), self._texts([logs_call(addresses, in_range(first, last))])
        headers, (logs,) = await asyncio.gather(*asked)
        with self._accounted():
            found = await compute(lane, function, headers, logs, *given)
        self.score.served()
        return found

    async def _logs(self, addresses: Sequence[bytes], which: dict[str, str]) -> list[RawLog]:
        (logs,) = await self._ask([logs_call(addresses, which)], logs_of)
        return logs

    async def _ask(self, calls: Sequence[Call], read: Callable[[Answer], T]) -> list[T]:
        """What `read` makes of each answer, in the order of the calls. Many are asked from a thread and read in the
        worker's, so that neither stops the loop."""
        found = list[T]()
        for text in await self._texts(calls):
            with self._accounted():
                found += await work(each_answer, text, read)
        self.score.served()
        return found

    async def _texts(self, calls: Sequence[Call]) -> list[Text]:
        """The node's answers, so many calls in each."""
        texts = []
        with self._accounted():
            for start in range(0, len(calls), MAX_CALLS_PER_REQUEST):
                some = calls[start : start + MAX_CALLS_PER_REQUEST]
                texts.append(Text(await asyncio.to_thread(self._wire.post, some), len(some)))
                self._count("ok")
        return texts

    @contextmanager
    def _accounted(self) -> Iterator[None]:
        """Remembers how the node failed, where it does; what is no answer makes it unavailable."""
        try:
            yield
        except NodeRefused:
            self._count("refused")
            raise
        except (NodeUnavailable, MalformedAnswer) as error:
            self._count("unavailable")
            self.score.failed()
            self.of_chain = None
            if isinstance(error, MalformedAnswer):
                raise self._wire.unavailable(error) from error
            self.score.rest(error.after)
            raise

    def _count(self, outcome: str) -> None:
        metrics.count("rpc_requests_total", outcome=outcome, host=self.name)


def header_calls(first: int, last: int) -> list[Call]:
    return [("eth_getBlockByNumber", [hex(number), False]) for number in range(first, last + 1)]


def logs_call(addresses: Sequence[bytes], which: Mapping[str, str]) -> Call:
    return "eth_getLogs", [{"address": [to_hex(address) for address in addresses], **which}]


def in_range(first: int, last: int) -> dict[str, str]:
    return {"fromBlock": hex(first), "toBlock": hex(last)}


def to_hex(value: bytes) -> str:
    return "0x" + value.hex()
