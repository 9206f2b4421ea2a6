"""A range that contradicts itself is refused."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from indexer.answers import Block
from indexer.decode import RawLog
from indexer.errors import TornRange
from indexer.fetch import Range, fetch
from indexer.filters import Bloom
from tests.unit.indexer.fake_chain import ADDRESS, GENESIS, FakeChain, block_after, log_in


class TornChain(FakeChain):
    """Answers for logs or headers from elsewhere."""

    other_logs: Sequence[RawLog] | None = None
    other_block: Block | None = None

    async def logs(self, addresses: Sequence[bytes], first: int, last: int) -> list[RawLog]:
        return list(self.other_logs) if self.other_logs is not None else await super().logs(addresses, first, last)

    async def headers(self, first: int, last: int) -> list[tuple[Block, Bloom]]:
        found = await super().headers(first, last)
        return [(self.other_block or block, bloom) if block.number == 3 else (block, bloom) for block, bloom in found]


@pytest.fixture
def chain() -> TornChain:
    chain = TornChain()
    chain.grow(5)
    return chain


async def ask(chain: FakeChain) -> Range:
    return await fetch(chain, (ADDRESS,), 1, 5)


async def test_accepts_what_chains(chain: TornChain) -> None:
    found = await ask(chain)
    assert list(found.blocks) == chain.canonical[1:]
    assert [log.block_number for log in found.logs] == [1, 2, 3, 4, 5]


async def test_refuses_headers_of_two_forks(chain: TornChain) -> None:
    chain.other_block = replace(block_after(GENESIS, "fork"), number=3)
    with pytest.raises(TornRange, match="block 3 does not follow"):
        await ask(chain)


async def test_refuses_logs_of_another_fork(chain: TornChain) -> None:
    chain.other_logs = [log_in(replace(chain.canonical[2], hash=b"\x01" * 32))]
    with pytest.raises(TornRange, match="block 2 is from another fork"):
        await ask(chain)


async def test_refuses_logs_outside_of_the_range(chain: TornChain) -> None:
    chain.grow(1)
    chain.other_logs = [log_in(chain.canonical[6])]
    with pytest.raises(TornRange, match="block 6"):
        await ask(chain)


async def test_refuses_a_log_that_comes_twice(chain: TornChain) -> None:
    chain.other_logs = [log_in(chain.canonical[1])] * 2
    with pytest.raises(TornRange, match="twice"):
        await ask(chain)


async def test_a_filter_that_errs_is_asked_by_hash(chain: TornChain) -> None:
    chain.lost_logs = {2}
    chain.silent = {chain.canonical[2].hash}
    assert [log.block_number for log in (await ask(chain)).logs] == [1, 3, 4, 5]
