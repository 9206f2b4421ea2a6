"""Following a chain that reorgs at every depth, lags, tears its answers and goes below finality."""

import pytest

from indexer.errors import ChainBehind, FinalityBroken, NodeRefused, TornRange
from indexer.follow import Case, Cursor, Rules, classify, require_same_chain, step
from indexer.stride import Stride
from tests.unit.indexer.fake_chain import ADDRESS, GENESIS, FakeChain, FakeMirror, block_after, log_in

HEIGHT = 12


def rules(*, stride: int = 250, ignore_reorgs: bool = False) -> Rules:
    return Rules((ADDRESS,), 0, Stride(stride, stride), ignore_reorgs)


async def follow(chain: FakeChain, mirror: FakeMirror, cursor: Cursor, told: Rules | None = None) -> Cursor:
    """Steps until the mirror is at the head."""
    told = told or rules()
    for _ in range(100):
        batch = await step(chain, mirror, cursor, told)
        cursor = mirror.write(batch)
        if batch.case is Case.REPEATED:
            return cursor
    raise AssertionError("no end in 100 steps")


async def mirrored(chain: FakeChain) -> tuple[FakeMirror, Cursor]:
    mirror = FakeMirror()
    return mirror, await follow(chain, mirror, Cursor(GENESIS, 0))


def require_equal(mirror: FakeMirror, chain: FakeChain) -> None:
    assert list(mirror.stored.values()) == chain.canonical
    assert mirror.logs == [log_in(block) for block in chain.canonical[1:]]


NEXT = block_after(GENESIS, "a")
AFTER = block_after(NEXT, "a")
OTHER = block_after(GENESIS, "b")


@pytest.mark.parametrize(
    ("case", "head", "at_height"),
    [
        (Case.REPEATED, NEXT, NEXT),
        (Case.NEXT, AFTER, None),
        (Case.GAP, block_after(AFTER, "a"), None),
        (Case.SHORTER, GENESIS, GENESIS),
        (Case.REORG, OTHER, NEXT),
        (Case.REORG, block_after(OTHER, "b"), None),
    ],
)
def test_names_the_case(case: Case, head: object, at_height: object) -> None:
    assert classify(NEXT, head, at_height) is case  # type: ignore[arg-type]  # parametrize knows no types


@pytest.mark.parametrize("depth", range(1, HEIGHT + 1))
@pytest.mark.parametrize("growth", [-1, 0, 1, 5])
async def test_equals_the_chain_after_a_reorg_of_any_depth(depth: int, growth: int) -> None:
    chain = FakeChain()
    chain.grow(HEIGHT)
    mirror, cursor = await mirrored(chain)
    chain.fork(depth, max(0, depth + growth), "fork")
    await follow(chain, mirror, cursor)
    require_equal(mirror, chain)


async def test_equals_the_chain_after_forks_of_forks() -> None:
    chain = FakeChain()
    chain.grow(HEIGHT)
    mirror, cursor = await mirrored(chain)
    for depth in (3, 7, 1, 11, 5):
        chain.fork(depth, depth + 2, f"fork {depth}")
        cursor = await follow(chain, mirror, cursor)
        require_equal(mirror, chain)


async def test_finds_an_ancestor_further_back_than_one_look() -> None:
    chain = FakeChain()
    chain.grow(200)
    mirror, cursor = await mirrored(chain)
    chain.fork(150, 151, "fork")
    await follow(chain, mirror, cursor)
    require_equal(mirror, chain)


async def test_a_reorg_longer_than_the_stride_is_followed_in_steps() -> None:
    chain = FakeChain()
    chain.grow(HEIGHT)
    mirror, cursor = await mirrored(chain)
    chain.fork(9, 12, "fork")
    await follow(chain, mirror, cursor, rules(stride=4))
    require_equal(mirror, chain)


async def test_finality_rises_with_the_chain_and_stays_within_the_mirror() -> None:
    chain = FakeChain(finality_depth=2)
    chain.grow(10)
    mirror = FakeMirror()
    batch = await step(chain, mirror, Cursor(GENESIS, 0), rules(stride=3))
    assert (batch.end.number, batch.finalized_number, batch.head_number) == (3, 3, 10)
    cursor = await follow(chain, mirror, mirror.write(batch))
    assert cursor.finalized_number == 8


async def test_a_reorg_down_to_the_final_block_is_followed() -> None:
    chain = FakeChain(finality_depth=4)
    chain.grow(HEIGHT)
    mirror, cursor = await mirrored(chain)
    chain.fork(4, 5, "fork")
    await follow(chain, mirror, cursor)
    require_equal(mirror, chain)


@pytest.mark.parametrize("growth", [5, 6])
async def test_halts_below_finality(growth: int) -> None:
    chain = FakeChain(finality_depth=4)
    chain.grow(HEIGHT)
    mirror, cursor = await mirrored(chain)
    chain.fork(5, growth, "fork")
    with pytest.raises(FinalityBroken):
        await follow(chain, mirror, cursor)


async def test_a_head_below_finality_means_that_the_chain_is_behind() -> None:
    chain = FakeChain(finality_depth=4)
    chain.grow(HEIGHT)
    mirror, cursor = await mirrored(chain)
    chain.fork(6, 0, "cut")
    with pytest.raises(ChainBehind):
        await step(chain, mirror, cursor, rules())
    with pytest.raises(ChainBehind):
        await require_same_chain(chain, mirror, cursor, rules())


async def test_another_chain_is_known_at_the_start() -> None:
    chain = FakeChain(finality_depth=4)
    chain.grow(HEIGHT)
    mirror, cursor = await mirrored(chain)
    await require_same_chain(chain, mirror, cursor, rules())
    chain.fork(HEIGHT, HEIGHT + 5, "other")
    with pytest.raises(ChainBehind):
        await require_same_chain(chain, mirror, cursor, rules())


async def test_a_shorter_chain_is_a_lagging_node_while_patient() -> None:
    chain = FakeChain()
    chain.grow(HEIGHT)
    mirror, cursor = await mirrored(chain)
    chain.fork(3, 0, "cut")
    batch = await step(chain, mirror, cursor, rules(), patient=True)
    assert (batch.case, batch.end) == (Case.SHORTER, cursor.block)
    await follow(chain, mirror, cursor)
    require_equal(mirror, chain)


async def test_refused_ranges_are_halved_until_served() -> None:
    chain = FakeChain(largest_range=3)
    chain.grow(HEIGHT)
    mirror, _ = await mirrored(chain)
    require_equal(mirror, chain)
    sizes = [last - first + 1 for first, last in chain.asked]
    assert sizes[0] == HEIGHT
    assert 3 in sizes


async def test_a_node_that_refuses_one_block_is_reported() -> None:
    chain = FakeChain(largest_range=0)
    chain.grow(HEIGHT)
    with pytest.raises(NodeRefused):
        await step(chain, FakeMirror(), Cursor(GENESIS, 0), rules())


async def test_logs_missing_from_a_block_that_has_them_are_noticed() -> None:
    chain = FakeChain(lost_logs={4})
    chain.grow(HEIGHT)
    with pytest.raises(TornRange, match="block 4 are missing"):
        await step(chain, FakeMirror(), Cursor(GENESIS, 0), rules())


async def test_switched_off_it_keeps_what_was_orphaned() -> None:
    chain = FakeChain()
    chain.grow(HEIGHT)
    mirror, cursor = await mirrored(chain)
    orphaned = chain.canonical[-1]
    chain.fork(1, 3, "fork")
    await follow(chain, mirror, cursor, rules(ignore_reorgs=True))
    assert orphaned in mirror.stored.values()
