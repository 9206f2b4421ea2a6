"""Ranges that may be believed: headers that chain, and logs that belong to them.

A node behind a balancer may answer from another fork, or from before the block was there, with a torn, short or
empty list. A range that contradicts itself is refused and asked for again.
"""

import asyncio
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Protocol

from indexer.answers import Block
from indexer.decode import RawLog
from indexer.errors import TornRange
from indexer.filters import Bloom


class Chain(Protocol):
    """What a range needs of a node."""

    async def headers(self, first: int, last: int) -> list[tuple[Block, Bloom]]: ...
    async def logs(self, addresses: Sequence[bytes], first: int, last: int) -> list[RawLog]: ...
    async def logs_in(self, addresses: Sequence[bytes], block_hash: bytes) -> list[RawLog]: ...


place_of = itemgetter(0, 1)
"""Block and index, by which logs are ordered."""


@dataclass(frozen=True, slots=True)
class Range:
    """Consecutive blocks and their logs, in the chain's order."""

    blocks: tuple[Block, ...]
    logs: tuple[RawLog, ...]


async def fetch(chain: Chain, addresses: Sequence[bytes], first: int, last: int) -> Range:
    """The blocks first..last with the logs of the addresses. Raises TornRange, NodeRefused or NodeUnavailable."""
    headers, logs = await asyncio.gather(chain.headers(first, last), chain.logs(addresses, first, last))
    blocks = require_linked([block for block, _bloom in headers])
    ordered = in_order(blocks, logs)
    await require_empty(chain, addresses, doubtful(addresses, headers, {log.block_number for log in ordered}))
    return Range(blocks, tuple(ordered))


def in_order(blocks: Sequence[Block], logs: Iterable[RawLog]) -> list[RawLog]:
    """The logs of the blocks, in the chain's order. Raises TornRange where one is of another block, or came twice."""
    ordered = sorted(logs, key=place_of)
    require_owned(blocks, ordered)
    return ordered


def require_linked(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks, of which each names the one before as its parent. Raises TornRange."""
    for parent, child in pairwise(blocks):
        if child.parent_hash != parent.hash or child.number != parent.number + 1:
            raise TornRange(blocks[0].number, blocks[-1].number, f"block {child.number} does not follow its parent")
    return tuple(blocks)


def require_owned(blocks: Sequence[Block], logs: Sequence[RawLog]) -> None:
    """Each log is in one of the blocks, by hash, and there once. `logs` are in the chain's order."""
    first, last = blocks[0].number, blocks[-1].number
    hashes = {block.number: block.hash for block in blocks}
    number, index = -1, -1
    for log in logs:
        if hashes.get(log.block_number) != log.block_hash:
            raise TornRange(first, last, f"a log of block {log.block_number} is from another fork")
        if log.log_index == index and log.block_number == number:
            raise TornRange(first, last, "a log came twice")
        number, index = log.block_number, log.log_index


def doubtful(
    addresses: Sequence[bytes], headers: Sequence[tuple[Block, Bloom]], with_logs: Container[int]
) -> list[Block]:
    """The blocks whose headers speak of the addresses, and that came without logs. A filter may err that way."""
    return [
        block
        for block, bloom in headers
        if block.number not in with_logs and any(bloom.may_hold(address) for address in addresses)
    ]


async def require_empty(chain: Chain, addresses: Sequence[bytes], blocks: Iterable[Block]) -> None:
    """Doubtful blocks have no logs indeed: each is asked by its hash before a range is refused."""
    for block in blocks:
        if await chain.logs_in(addresses, block.hash):
            raise TornRange(block.number, block.number, f"the logs of block {block.number} are missing")
