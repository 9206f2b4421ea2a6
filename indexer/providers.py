"""Several nodes of one chain: each question goes to the best of them, and to the next where that one fails.

A range is read and checked at one node from its first header to its last log, never half here and half there. Where an
answer is late (by how long such answers take), another node is asked the same beside it, and the first whole answer
counts. Nodes of another chain are left out.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from app.chain.deployment import Deployment
from indexer.answers import Block, Tip
from indexer.decode import decoder_for
from indexer.errors import NodeRefused, NodeUnavailable, Retry, TornRange, WrongChain
from indexer.fetch import Range, fetch, require_empty
from indexer.metrics import metrics
from indexer.node import Node
from indexer.prepared import Shelved, prepare_texts
from indexer.stride import Stride
from indexer.work import running_beside

log = logging.getLogger(__name__)

T = TypeVar("T")
Ask = Callable[[Node], Awaitable[T]]

PROBE_SECONDS = 10.0
"""How often the nodes that are not in use are asked how they are."""
MUCH_BETTER = 0.7
"""A node in use is left for one that costs less than this share of it: nodes differ by a block or two, and turning
between them would look like a reorg each time."""
OUTPACED = 0.5
"""Of a failure: what it counts when another node answers first."""


class Providers:
    """The nodes at `urls`. With `chain_id`, those of another chain are never asked anything else."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        timeout_seconds: float,
        chain_id: int | None = None,
        finality_depth: int | None = None,
    ) -> None:
        self.nodes = [
            Node(url, timeout_seconds=timeout_seconds, finality_depth=finality_depth, name=name)
            for url, name in zip(urls, names_of(urls), strict=True)
        ]
        self.stride = Stride()
        """What these nodes serve at once; it outlives a connection to the database."""
        self._chain_id = chain_id
        self._timeout = timeout_seconds
        self._chosen = self.nodes[0]
        self._until = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if len(self.nodes) > 1:
            await self._until.enter_async_context(running_beside(self._probe(), name="probe"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._until.aclose()
        for node in self.nodes:
            node.close()

    async def tip(self) -> Tip:
        """Head and finality. Raises NodeUnavailable, NodeRefused, or WrongChain where no node is of this chain."""
        return await self._ask(lambda node: node.tip(), self._chosen.score.tips.patience)

    async def blocks(self, first: int, last: int) -> list[Block]:
        """The headers of first..last. Raises as `tip` does."""
        return await self._ask(lambda node: node.blocks(first, last))

    async def call(self, to: str, data: bytes, block_hash: bytes) -> bytes:
        """What a contract answers at exactly this block. Raises as `tip` does."""
        return await self._ask(lambda node: node.call(to, data, block_hash))

    async def range(self, addresses: Sequence[bytes], first: int, last: int) -> Range:
        """The blocks first..last with the logs of the addresses, all of one node. Raises as `tip` and `fetch` do."""
        return await self._ask(ranged(addresses, first, last), self._chosen.score.ranges.patience)

    async def prepared(self, deployment: Deployment, first: int, last: int, lane: int) -> Shelved:
        """The same range in packed rows, computed by a helper. Raises as `range` does, and HelperLost."""
        addresses = decoder_for(deployment).addresses

        async def read(node: Node) -> Shelved:
            found = await node.compute(lane, addresses, first, last, prepare_texts, deployment)
            await require_empty(node, addresses, found.doubtful)
            return found

        return await self._ask(timed(read), self._chosen.score.ranges.patience)

    async def ranges(self, addresses: Sequence[bytes], first: int, last: int, count: int) -> list[Range]:
        """The same range from `count` nodes, one after the other. Raises NodeUnavailable where fewer answer."""
        found: list[Range] = []
        for node in self._ranked():
            with suppress(Retry, WrongChain):
                found.append(await self._attempt(node, ranged(addresses, first, last)))
            if len(found) == count:
                return found
        raise NodeUnavailable("quorum", f"only {len(found)} of {count} nodes answered")

    async def _ask(self, ask: Ask[T], patience: float | None = None) -> T:
        """The first answer: of the best node, of the next ones as those before fail, and of one beside it once
        `patience` seconds have passed. A refusal is an answer; no other node is asked because of it."""
        left = self._ranked()
        if len(left) == 1:
            return await self._attempt(left[0], ask)
        running: dict[asyncio.Future[T], Node] = {}
        errors: list[Exception] = []
        try:
            while left or running:
                if left and len(running) < 2:
                    node = left.pop(0)
                    running[asyncio.ensure_future(self._attempt(node, ask))] = node
                late = patience if left and len(running) == 1 else None
                done, _ = await asyncio.wait(running, timeout=late, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    node = running.pop(task)
                    error = task.exception()
                    if error is None:
                        self._won(node, running.values())
                        return task.result()
                    if not isinstance(error, (Retry, WrongChain)):
                        raise error
                    errors.append(error)
                    left = [] if isinstance(error, NodeRefused) else left
                    if left:
                        metrics.count("rpc_failovers_total", host=node.name)
                        log.warning("asks another node error=%s %s", type(error).__name__, error)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        raise worst(errors)

    def _won(self, node: Node, slower: Iterable[Node]) -> None:
        """Turns to the node that answered while another was late or failed."""
        for late in slower:
            late.score.failed(OUTPACED)
            metrics.count("rpc_hedges_total", won=node.name)
        if node is not self._chosen:
            log.info("turned to node=%s from=%s", node.name, self._chosen.name)
            self._chosen = node

    async def _attempt(self, node: Node, ask: Ask[T]) -> T:
        await self._require_chain(node)
        try:
            return await ask(node)
        except TornRange:
            node.score.failed()
            raise

    async def _require_chain(self, node: Node) -> None:
        """Asked once, and again after each failure: what comes back may be another machine."""
        if self._chain_id is None or node.of_chain == self._chain_id:
            return
        actual = await node.chain_id()
        metrics.set("rpc_excluded", actual != self._chain_id, host=node.name)
        if actual != self._chain_id:
            log.error("node=%s serves chain %d, not %d: left out", node.name, actual, self._chain_id)
            raise WrongChain(actual, self._chain_id)

    def _ranked(self) -> list[Node]:
        """The nodes to ask, the best first. Raises NodeUnavailable where every one asked to be left alone."""
        awake = [node for node in self.nodes if not node.score.rests]
        if not awake:
            rest = min(node.score.rests for node in self.nodes)
            raise NodeUnavailable(self._chosen.name, "asks to wait", after=rest)
        best_head = max(node.score.head for node in self.nodes)
        usual = self._chosen.score.tips.mean
        costs = {node: node.score.cost(best_head, self._timeout, usual) for node in awake}
        if self._chosen in costs:
            costs[self._chosen] *= MUCH_BETTER
        for node, cost in costs.items():
            metrics.set("rpc_cost_seconds", cost, host=node.name)
        return sorted(awake, key=lambda node: costs[node])

    async def _probe(self) -> None:
        """Until cancelled: asks those not in use, so that one that recovered is known before it is needed."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            for node in self.nodes:
                if node is not self._chosen and not node.score.rests:
                    with suppress(Retry, WrongChain):
                        await self._attempt(node, lambda node: node.tip())


def ranged(addresses: Sequence[bytes], first: int, last: int) -> Ask[Range]:
    """Reads the range at one node."""
    return timed(lambda node: fetch(node, addresses, first, last))


def timed(ask: Ask[T]) -> Ask[T]:
    """Remembers how long a node took for a range."""

    async def asked(node: Node) -> T:
        began = time.monotonic()
        found = await ask(node)
        node.score.ranges.took(time.monotonic() - began)
        return found

    return asked


def worst(errors: Sequence[Exception]) -> Exception:
    """What to raise: a wrong chain only where every node is of one, and otherwise the last that may pass."""
    passing = [error for error in errors if not isinstance(error, WrongChain)]
    return passing[-1] if passing else errors[-1]


def names_of(urls: Sequence[str]) -> list[str]:
    """Hosts, with a number where several URLs have the same: a path may hold a secret, and is never said."""
    seen: Counter[str] = Counter()
    names = []
    for host in (urlsplit(url).hostname or "?" for url in urls):
        seen[host] += 1
        names.append(host if seen[host] == 1 else f"{host}#{seen[host]}")
    return names
