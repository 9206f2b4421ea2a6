"""JSON-RPC to the nodes named by RPC_URLS: batches over HTTP, every call with a time-out.

A failed call turns to the next node and is reported; the pass begins anew there, so that one pass sees one node.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import orjson

from indexer.decode import RawLog
from indexer.errors import NodeRefused, NodeUnavailable
from indexer.filters import Bloom

MAX_CALLS_PER_REQUEST = 100
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


class Node:
    """One chain behind one or more URLs. With `finality_depth` blocks are counted instead of asked for finality."""

    def __init__(self, urls: Sequence[str], *, timeout_seconds: float, finality_depth: int | None = None) -> None:
        self._urls = tuple(urls)
        self._chosen = 0
        self._finality_depth = finality_depth
        headers = {"content-type": "application/json"}
        # No proxy from the environment: a node is named by its URL alone.
        self._client = httpx.AsyncClient(timeout=timeout_seconds, headers=headers, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def chain_id(self) -> int:
        (answer,) = await self._ask([("eth_chainId", [])])
        return int(result_of("eth_chainId", answer), 16)

    async def tip(self) -> Tip:
        """Head and finality. Raises NodeUnavailable or NodeRefused."""
        tags = ("latest",) if self._finality_depth else ("latest", "finalized")
        head, *finalized = await self._ask([("eth_getBlockByNumber", [tag, False]) for tag in tags])
        block = block_of(block_result(head))
        if self._finality_depth:
            return Tip(block, max(0, block.number - self._finality_depth))
        # A node without the tag answers with an error or with null, and may do so for a moment only.
        found = finalized[0].get("result")
        return Tip(block, int(found["number"], 16) if found else None)

    async def blocks(self, first: int, last: int) -> list[Block]:
        """The headers of first..last. Raises NodeRefused where one is not there."""
        return [block for block, _bloom in await self.headers(first, last)]

    async def headers(self, first: int, last: int) -> list[tuple[Block, Bloom]]:
        """The headers of first..last, each with the filter over the addresses and topics of its logs."""
        calls = [("eth_getBlockByNumber", [hex(number), False]) for number in range(first, last + 1)]
        results = [block_result(answer) for answer in await self._ask(calls)]
        return [(block_of(result), Bloom(from_hex(result["logsBloom"]))) for result in results]

    async def logs(self, addresses: Sequence[bytes], first: int, last: int) -> list[RawLog]:
        """The logs of the addresses in first..last. Raises NodeRefused, for one where the range is too large."""
        return await self._logs(addresses, {"fromBlock": hex(first), "toBlock": hex(last)})

    async def logs_in(self, addresses: Sequence[bytes], block_hash: bytes) -> list[RawLog]:
        """The logs of the addresses in exactly this block (EIP-234): an error, not nothing, where it is unknown."""
        return await self._logs(addresses, {"blockHash": to_hex(block_hash)})

    async def _logs(self, addresses: Sequence[bytes], which: dict[str, str]) -> list[RawLog]:
        wanted = {"address": [to_hex(address) for address in addresses], **which}
        (answer,) = await self._ask([("eth_getLogs", [wanted])])
        return [log_of(entry) for entry in result_of("eth_getLogs", answer) if not entry.get("removed")]

    async def _ask(self, calls: Sequence[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        """The answers in the order of the calls; each has `result` or `error`."""
        answers: list[dict[str, Any]] = []
        for start in range(0, len(calls), MAX_CALLS_PER_REQUEST):
            answers += await self._post(calls[start : start + MAX_CALLS_PER_REQUEST])
        return answers

    async def _post(self, calls: Sequence[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        url = self._urls[self._chosen]
        body = [{"jsonrpc": "2.0", "id": n, "method": name, "params": given} for n, (name, given) in enumerate(calls)]
        try:
            response = await self._client.post(url, content=orjson.dumps(body))
            response.raise_for_status()
            by_id = {answer["id"]: answer for answer in orjson.loads(response.content)}
            return [by_id[n] for n in range(len(calls))]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            self._chosen = (self._chosen + 1) % len(self._urls)
            # The URL's path may hold a secret, and so may the error's text: neither is said.
            raise NodeUnavailable(urlsplit(url).hostname or "?", type(error).__name__) from error


def result_of(method: str, answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise NodeRefused(method, str(answer["error"].get("message"))[:200])
    return answer["result"]


def block_result(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = result_of("eth_getBlockByNumber", answer)
    if found is None:
        raise NodeRefused("eth_getBlockByNumber", NO_BLOCK_YET)
    return found


def block_of(result: dict[str, Any]) -> Block:
    return Block(
        number=int(result["number"], 16),
        hash=from_hex(result["hash"]),
        parent_hash=from_hex(result["parentHash"]),
        timestamp=int(result["timestamp"], 16),
    )


def log_of(entry: dict[str, Any]) -> RawLog:
    return RawLog(
        block_number=int(entry["blockNumber"], 16),
        log_index=int(entry["logIndex"], 16),
        block_hash=from_hex(entry["blockHash"]),
        tx_hash=from_hex(entry["transactionHash"]),
        tx_index=int(entry["transactionIndex"], 16),
        address=from_hex(entry["address"]),
        topics=tuple(from_hex(topic) for topic in entry["topics"]),
        data=from_hex(entry["data"]),
    )


def from_hex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def to_hex(value: bytes) -> str:
    return "0x" + value.hex()
