"""JSON-RPC over HTTP: every call has a time-out, and the next URL is asked where one does not answer.

It is a few methods over httpx and not web3.py, whose import costs every process a second of CPU.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from functools import cache
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from app.chain.json_rpc import (
    BlockHeader,
    BlockTag,
    Call,
    NoBatch,
    Receipt,
    block_header,
    call_object,
    from_hex,
    in_order,
    is_answer,
    receipt_of,
    result_of,
    tag,
)
from app.database import Address, Hash32, TxHash
from app.errors import CallReverted, ChainUnavailable, RpcRefused

# Its line for every request would drown everybody else's.
logging.getLogger("httpx").setLevel(logging.WARNING)

METHOD_NOT_FOUND = -32601
BATCH = 100
"""Calls in one request: what providers take."""


class AsyncChain:
    """One chain behind one or more URLs. Close it, or use it as an async context manager."""

    def __init__(self, urls: Sequence[str], *, timeout_seconds: float = 10.0) -> None:
        self.timeout_seconds = timeout_seconds
        self._urls = list(urls)
        self._client = httpx.AsyncClient(timeout=timeout_seconds, trust_env=False, verify=trust())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def request(self, method: str, *params: Any) -> Any:
        """One call's result. Raises RpcRefused or CallReverted as a node answers, ChainUnavailable where none does."""
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        failures: list[Exception] = []
        for url in self._urls:
            try:
                answer = await self._post(url, body)
            except (httpx.HTTPError, TimeoutError, ValueError) as error:  # ValueError: what came back was no JSON-RPC
                failures.append(error)
                continue
            return result_of(method, answer)
        raise unanswered(method, failures) from (failures[-1] if failures else None)

    async def answers(self, method: str, *params: Any) -> list[Any]:
        """What each node answers, asked side by side, in the order of the URLs; a node that refuses or does not answer
        is left out."""
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        found = await asyncio.gather(*(self._voice(url, body) for url in self._urls))
        return [answer["result"] for answer in found if answer is not None and "result" in answer]

    async def _voice(self, url: str, body: bytes) -> dict[str, Any] | None:
        """What one node answers; None where it does not."""
        try:
            return await self._post(url, body)
        except (httpx.HTTPError, TimeoutError, ValueError):
            return None

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Each call's result in the calls' order; in its place a RpcRefused or CallReverted where the node refused it.

        Calls of one HTTP request, up to BATCH of them; a node may run them at the same time. One that takes no batches
        is asked one by one. Raises ChainUnavailable where no node answers.
        """
        answers: list[Any] = []
        for first in range(0, len(calls), BATCH):
            answers += await self._batch(calls[first : first + BATCH])
        return answers

    async def _batch(self, calls: Sequence[Call]) -> list[Any]:
        body = [{"jsonrpc": "2.0", "id": n, "method": call[0], "params": call[1:]} for n, call in enumerate(calls)]
        failures: list[Exception] = []
        for url in self._urls:
            try:
                return in_order(calls, await self._ask(url, orjson.dumps(body)))
            except (httpx.HTTPError, TimeoutError, ValueError) as error:
                failures.append(error)
        if any(isinstance(failure, NoBatch) for failure in failures):
            return [await self._or_refusal(*call) for call in calls]
        raise unanswered(calls[0][0], failures) from (failures[-1] if failures else None)

    async def _or_refusal(self, method: str, *params: Any) -> Any:
        """A call's result, or what it was refused with."""
        try:
            return await self.request(method, *params)
        except (RpcRefused, CallReverted) as refused:
            return refused

    async def _post(self, url: str, body: bytes) -> dict[str, Any]:
        answer = await self._ask(url, body)
        if not is_answer(answer):
            raise ValueError("what came back is no JSON-RPC answer")
        return dict(answer)

    async def _ask(self, url: str, body: bytes) -> Any:
        # The client's own limit is for each read; this one is for the whole, so that a trickle ends too.
        async with asyncio.timeout(self.timeout_seconds):
            response = await self._client.post(url, content=body, headers={"Content-Type": "application/json"})
        return orjson.loads(response.content)

    async def chain_id(self) -> int:
        return int(await self.request("eth_chainId"), 16)

    async def call(
        self,
        to: Address | None,
        data: bytes,
        *,
        sender: Address | None = None,
        gas: int | None = None,
        block: BlockTag = "latest",
    ) -> bytes:
        """eth_call; without `to`, what the creation code in `data` would leave. Raises CallReverted with the raw
        revert data."""
        return from_hex(await self.request("eth_call", call_object(to, data, sender, gas), tag(block)))

    async def estimate_gas(self, to: Address, data: bytes, *, sender: Address) -> int:
        """Gas units. Raises CallReverted."""
        return int(await self.request("eth_estimateGas", call_object(to, data, sender, None)), 16)

    async def code(self, address: Address, block: BlockTag = "latest") -> bytes:
        return from_hex(await self.request("eth_getCode", address, tag(block)))

    async def balance(self, address: Address) -> int:
        """Wei."""
        return int(await self.request("eth_getBalance", address, "latest"), 16)

    async def nonce(self, address: Address, block: BlockTag = "latest") -> int:
        """How many transactions of `address` are mined up to `block`: the next nonce there."""
        return int(await self.request("eth_getTransactionCount", address, tag(block)), 16)

    async def suggested_tip(self) -> int:
        """Wei per gas; 0 where the node has no opinion."""
        try:
            return int(await self.request("eth_maxPriorityFeePerGas"), 16)
        except RpcRefused as error:
            if error.code != METHOD_NOT_FOUND:
                raise
            return 0

    async def block(self, block: BlockTag = "latest") -> BlockHeader | None:
        """None for a block that the node does not have, which may be `finalized` on some."""
        answer = await self.request("eth_getBlockByNumber", tag(block), False)
        return None if answer is None else block_header(answer)

    async def send_raw(self, raw: bytes) -> TxHash:
        """Broadcasts signed bytes. Raises RpcRefused with the node's words; `relayer.rules` reads them."""
        return TxHash(Hash32(str(await self.request("eth_sendRawTransaction", "0x" + raw.hex())).lower()))

    async def receipt(self, tx_hash: TxHash) -> Receipt | None:
        return receipt_of(tx_hash, await self.request("eth_getTransactionReceipt", tx_hash))


def unanswered(method: str, failures: Sequence[Exception]) -> ChainUnavailable:
    """What each URL did instead of answering."""
    reason = "; ".join(type(failure).__name__ for failure in failures) or "no URL is set"
    return ChainUnavailable(method=method, reason=reason)


@cache
def trust() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than most calls."""
    return httpx.create_ssl_context(trust_env=False)
