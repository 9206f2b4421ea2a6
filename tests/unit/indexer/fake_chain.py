"""A chain in memory that forks, lags and tears its answers, as nodes do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from indexer.answers import Block, Tip
from indexer.decode import RawLog
from indexer.errors import NodeRefused, NodeUnavailable
from indexer.fetch import Range, fetch
from indexer.filters import Bloom, bits_of
from indexer.follow import Batch, Cursor

ADDRESS = bytes.fromhex("aa" * 20)


def block_after(parent: Block, salt: str) -> Block:
    digest = sha256(parent.hash + salt.encode()).digest()
    return Block(parent.number + 1, digest, parent.hash, parent.timestamp + 2)


GENESIS = Block(0, sha256(b"genesis").digest(), bytes(32), 1_000)


def log_in(block: Block) -> RawLog:
    """Each block but the first has one log, whose data is the block's own hash."""
    return RawLog(block.number, 0, block.hash, bytes(32), 0, ADDRESS, (), block.hash)


@dataclass
class FakeChain:
    """Serves one canonical list of blocks; `fork` replaces its end."""

    finality_depth: int = 1_000
    canonical: list[Block] = field(default_factory=lambda: [GENESIS])
    largest_range: int = 1_000
    slow_from: int = 1_000
    """Ranges of as many blocks time out."""
    asked: list[tuple[int, int]] = field(default_factory=list)
    lost_logs: set[int] = field(default_factory=set)
    """Blocks whose logs a range leaves out."""
    silent: set[bytes] = field(default_factory=set)
    """Hashes of blocks that have no logs at all, though their filter errs."""

    def grow(self, blocks: int, salt: str = "main") -> None:
        for _ in range(blocks):
            self.canonical.append(block_after(self.canonical[-1], salt))

    def fork(self, depth: int, blocks: int, salt: str) -> None:
        """Takes `depth` blocks away and grows `blocks` others."""
        del self.canonical[len(self.canonical) - depth :]
        self.grow(blocks, salt)

    async def tip(self) -> Tip:
        head = self.canonical[-1]
        return Tip(head, max(0, head.number - self.finality_depth))

    async def blocks(self, first: int, last: int) -> list[Block]:
        if last >= len(self.canonical):
            raise NodeRefused("eth_getBlockByNumber", "not there")
        return self.canonical[first : last + 1]

    async def range(self, addresses: Sequence[bytes], first: int, last: int) -> Range:
        return await fetch(self, addresses, first, last)

    async def headers(self, first: int, last: int) -> list[tuple[Block, Bloom]]:
        blocks = await self.blocks(first, last)
        return [(block, Bloom(bits_of(ADDRESS).to_bytes(256))) for block in blocks]

    async def logs(self, _addresses: Sequence[bytes], first: int, last: int) -> list[RawLog]:
        self.asked.append((first, last))
        if last - first + 1 >= self.slow_from:
            raise NodeUnavailable("fake", "TimeoutError")
        if last - first + 1 > self.largest_range:
            raise NodeRefused("eth_getLogs", "the range is too large")
        return [log_in(b) for b in self.canonical[first : last + 1] if b.number not in self.lost_logs]

    async def logs_in(self, _addresses: Sequence[bytes], block_hash: bytes) -> list[RawLog]:
        return [log_in(block) for block in self.canonical if block.hash == block_hash and block_hash not in self.silent]


@dataclass
class FakeMirror:
    """What the database would hold after each batch."""

    stored: dict[int, Block] = field(default_factory=lambda: {0: GENESIS})
    logs: list[RawLog] = field(default_factory=list)

    async def blocks(self, first: int, last: int) -> Mapping[int, Block]:
        return {number: block for number, block in self.stored.items() if first <= number <= last}

    def write(self, batch: Batch) -> Cursor:
        self.stored = {n: block for n, block in self.stored.items() if n <= batch.ancestor.number}
        self.logs = [log for log in self.logs if log.block_number <= batch.ancestor.number]
        self.stored |= {block.number: block for block in batch.appended.blocks}
        self.logs += batch.appended.logs
        return Cursor(batch.end, batch.finalized_number)
