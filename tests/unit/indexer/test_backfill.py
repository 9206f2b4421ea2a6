"""Reading ahead gives every block once, in order, whatever size of range the node serves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from app.chain.deployment import Deployment
from app.database import Address
from indexer.answers import Block, Tip
from indexer.backfill import MAX_UNIT_RANGES, Ahead, Ready
from indexer.decode import Decoder
from indexer.errors import NodeRefused, NodeUnavailable, TornRange
from indexer.lanes import LANES
from indexer.prepared import Shelved, clear_shelf, shelve
from indexer.rows import prepare
from indexer.stride import Stride
from tests.unit.indexer.fake_chain import ADDRESS, GENESIS, FakeChain

NOTHING_KNOWN = Decoder({ADDRESS: None}, {})  # type: ignore[dict-item]  # every log of the fake chain is quarantined


AT = Address("0x" + ADDRESS.hex())
DEPLOYMENT = Deployment(1, 1, AT, AT, AT, AT)


@dataclass(frozen=True)
class Source:
    """The fake chain's ranges, in packed rows."""

    chain: FakeChain
    lanes: set[int] = field(default_factory=set)

    async def tip(self) -> Tip:
        return await self.chain.tip()

    async def prepared(self, _deployment: Deployment, first: int, last: int, lane: int) -> Shelved:
        self.lanes.add(lane)
        return shelve(prepare(NOTHING_KNOWN, await self.chain.range([ADDRESS], first, last)))


@pytest.fixture
def chain() -> Iterator[FakeChain]:
    chain = FakeChain()
    chain.grow(40)
    yield chain
    clear_shelf()


async def read(chain: FakeChain, stride: Stride, last: int = 40) -> list[Ready]:
    return [one async for one in Ahead(Source(chain), DEPLOYMENT, stride, 1, last).units(GENESIS)]


def blocks_in(chain: FakeChain, found: Iterable[Ready]) -> list[Block]:
    """Of all ranges, in their order."""
    ranges = [one.edges for ready in found for one in ready.prepared]
    return [block for first, last in ranges for block in chain.canonical[first.number : last.number + 1]]


@pytest.mark.parametrize("largest", [1, 3, 10, 1_000])
async def test_gives_each_block_once_whatever_the_node_serves(chain: FakeChain, largest: int) -> None:
    chain.largest_range = largest
    found = await read(chain, Stride(16, 16))
    assert blocks_in(chain, found) == chain.canonical[1:]
    assert sum(one.log_count for one in found) == 40


async def test_learns_the_size_that_is_served(chain: FakeChain) -> None:
    chain.largest_range, stride = 3, Stride(16, 16)
    await read(chain, stride)
    assert stride.blocks <= 8


async def test_refuses_a_range_that_follows_another_chain(chain: FakeChain) -> None:
    chain.fork(40, 40, "fork")
    chain.canonical[0] = chain.canonical[1]
    with pytest.raises(TornRange, match="does not follow"):
        ahead = Ahead(Source(chain), DEPLOYMENT, Stride(), 2, 40)
        await anext(ahead.units(GENESIS))


async def test_refuses_ranges_of_a_unit_that_do_not_follow_each_other(chain: FakeChain) -> None:
    """What was read before the one that is torn is not lost."""
    chain.canonical[21] = replace(chain.canonical[21], parent_hash=bytes(32))
    ahead, found = Ahead(Source(chain), DEPLOYMENT, Stride(20, 20), 1, 40, unit_blocks=40), []
    with pytest.raises(TornRange, match="does not follow"):
        async for one in ahead.units(GENESIS):
            found += [block.number for block in one.edges]
    assert found == [1, 20]


async def test_a_unit_grows_until_it_fills_a_transaction(chain: FakeChain) -> None:
    chain.grow(2_000)
    found = await read(chain, Stride(4, 4), last=2_040)
    sizes = [one.log_count for one in found]
    assert sum(sizes) == 2_040
    assert max(sizes) == 4 * MAX_UNIT_RANGES
    grown, ended = sizes[: sizes.index(max(sizes))], sizes[-6:]
    assert grown == sorted(grown)
    assert ended == sorted(ended, reverse=True), "and the last ones shrink, so that no lane waits long for another"


async def test_every_lane_reads(chain: FakeChain) -> None:
    source = Source(chain)
    ahead = Ahead(source, DEPLOYMENT, Stride(4, 4), 1, 40)
    assert sum([one.log_count async for one in ahead.units(GENESIS)]) == 40
    assert source.lanes == set(range(LANES))


async def test_a_refusal_that_no_smaller_range_helps_is_raised(chain: FakeChain) -> None:
    with pytest.raises(NodeRefused):
        await read(chain, Stride(16, 16), last=41)


async def test_gets_through_though_large_ranges_time_out(chain: FakeChain) -> None:
    """Each failure keeps what was read before it, and asks for less the next time."""
    chain.slow_from, stride, mirrored = 4, Stride(16, 16), [GENESIS]
    for _ in range(40):
        ahead = Ahead(Source(chain), DEPLOYMENT, stride, mirrored[-1].number + 1, 40)
        try:
            async for one in ahead.units(mirrored[-1]):
                mirrored += blocks_in(chain, [one])
        except NodeUnavailable:
            continue
        break
    assert mirrored == chain.canonical
