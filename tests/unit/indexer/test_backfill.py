"""Reading ahead gives every block once, in order, whatever size of range the node serves."""

import pytest

from indexer.backfill import Ahead
from indexer.decode import Decoder
from indexer.errors import NodeRefused, NodeUnavailable, TornRange
from indexer.rows import Prepared
from indexer.stride import Stride
from tests.unit.indexer.fake_chain import ADDRESS, GENESIS, FakeChain

NOTHING_KNOWN = Decoder({ADDRESS: None}, {})  # type: ignore[dict-item]  # every log of the fake chain is quarantined


@pytest.fixture
def chain() -> FakeChain:
    chain = FakeChain()
    chain.grow(40)
    return chain


async def read(chain: FakeChain, stride: Stride, last: int = 40) -> list[Prepared]:
    ahead = Ahead(chain, NOTHING_KNOWN, stride, 1, last)
    try:
        return [one async for batch in ahead.batches(GENESIS) for one in batch]
    finally:
        await ahead.close()


@pytest.mark.parametrize("largest", [1, 3, 10, 1_000])
async def test_gives_each_block_once_whatever_the_node_serves(chain: FakeChain, largest: int) -> None:
    chain.largest_range = largest
    found = await read(chain, Stride(16, 16))
    assert [block for one in found for block in one.blocks] == chain.canonical[1:]
    assert sum(one.log_count for one in found) == 40


async def test_learns_the_size_that_is_served(chain: FakeChain) -> None:
    chain.largest_range, stride = 3, Stride(16, 16)
    await read(chain, stride)
    assert stride.blocks <= 8


async def test_refuses_a_range_that_follows_another_chain(chain: FakeChain) -> None:
    chain.fork(40, 40, "fork")
    chain.canonical[0] = chain.canonical[1]
    with pytest.raises(TornRange, match="does not follow"):
        ahead = Ahead(chain, NOTHING_KNOWN, Stride(), 2, 40)
        await anext(ahead.batches(GENESIS))


async def test_a_refusal_that_no_smaller_range_helps_is_raised(chain: FakeChain) -> None:
    with pytest.raises(NodeRefused):
        await read(chain, Stride(16, 16), last=41)


async def test_gets_through_though_large_ranges_time_out(chain: FakeChain) -> None:
    """Each failure keeps what was read before it, and asks for less the next time."""
    chain.slow_from, stride, mirrored = 4, Stride(16, 16), [GENESIS]
    for _ in range(40):
        ahead = Ahead(chain, NOTHING_KNOWN, stride, mirrored[-1].number + 1, 40)
        try:
            async for batch in ahead.batches(mirrored[-1]):
                mirrored += [block for one in batch for block in one.blocks]
        except NodeUnavailable:
            continue
        finally:
            await ahead.close()
        break
    assert mirrored == chain.canonical
