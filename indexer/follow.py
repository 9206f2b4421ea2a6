"""What the next step is, given the mirror and the chain: next, gap, repeated, shorter or reorg."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from indexer.answers import Block, Tip
from indexer.errors import ChainBehind, FinalityBroken, NodeRefused, NodeUnavailable, TornRange
from indexer.fetch import Range
from indexer.stride import Stride

ANCESTOR_STRIDE = 64


class Case(StrEnum):
    NEXT = "next"
    GAP = "gap"
    REPEATED = "repeated"
    SHORTER = "shorter"
    """The head is a mirrored block below the cursor: a node that lags, or a chain that was cut."""
    REORG = "reorg"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The newest mirrored block, and the newest final number that is mirrored."""

    block: Block
    finalized_number: int


class Chain(Protocol):
    """What following needs of the chain. A range comes whole, and in itself it is consistent (indexer/fetch.py)."""

    async def tip(self) -> Tip: ...
    async def blocks(self, first: int, last: int) -> list[Block]: ...
    async def range(self, addresses: Sequence[bytes], first: int, last: int) -> Range: ...


class Mirror(Protocol):
    """What following needs of the database."""

    async def blocks(self, first: int, last: int) -> Mapping[int, Block]: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """One transaction's worth: cut to `ancestor` (the cursor's block where nothing is orphaned), then append."""

    case: Case
    cursor: Cursor
    ancestor: Block
    appended: Range
    head_number: int
    finalized_number: int

    @property
    def end(self) -> Block:
        """The mirror's newest block after this batch."""
        return self.appended.blocks[-1] if self.appended.blocks else self.ancestor


@dataclass(frozen=True)
class Rules:
    """How to follow. Below `floor`, the first mirrored block, nothing can be compared."""

    addresses: Sequence[bytes]
    floor: int
    stride: Stride
    ignore_reorgs: bool = False
    quorum: int = 1
    """How many nodes must agree before anything is final."""


NOTHING = Range((), ())


def classify(cursor: Block, head: Block, mirrored: Block | None) -> Case:
    """The case, from the head and the block that is mirrored at its height."""
    if head.hash == cursor.hash:
        return Case.REPEATED
    if head.number > cursor.number + 1:
        return Case.GAP
    if head.number == cursor.number + 1:
        return Case.NEXT if head.parent_hash == cursor.hash else Case.REORG
    return Case.SHORTER if mirrored is not None and mirrored.hash == head.hash else Case.REORG


async def step(chain: Chain, mirror: Mirror, cursor: Cursor, rules: Rules, *, patient: bool = False) -> Batch:
    """The next batch; with `patient` a shorter chain is taken for a node that lags.

    Raises the errors of fetch, FinalityBroken and ChainBehind.
    """
    tip = await chain.tip()
    height = tip.head.number
    case = classify(cursor.block, tip.head, (await mirror.blocks(height, height)).get(height))
    match case:
        case Case.REPEATED:
            return batch(case, cursor, cursor.block, NOTHING, tip)
        case Case.NEXT | Case.GAP:
            return await advance(chain, mirror, cursor, rules, tip, case)
        case Case.SHORTER if patient or rules.ignore_reorgs:
            return batch(case, cursor, cursor.block, NOTHING, tip)
        case Case.SHORTER | Case.REORG if height < lowest(cursor, rules):
            raise ChainBehind(lowest(cursor, rules), height)
        case Case.SHORTER | Case.REORG:
            return await replace(chain, mirror, cursor, rules, tip)


async def require_same_chain(chain: Chain, mirror: Mirror, cursor: Cursor, rules: Rules) -> None:
    """The newest final mirrored block is still on the chain. Raises ChainBehind; asked once, at the start."""
    floor = lowest(cursor, rules)
    head = (await chain.tip()).head.number
    if head < floor:
        raise ChainBehind(floor, head)
    (actual,) = await chain.blocks(floor, floor)
    mirrored = (await mirror.blocks(floor, floor)).get(floor)
    if mirrored is None or mirrored.hash != actual.hash:
        raise ChainBehind(floor, head)


def lowest(cursor: Cursor, rules: Rules) -> int:
    """The height below which nothing may be cut."""
    return max(cursor.finalized_number, rules.floor)


async def advance(chain: Chain, mirror: Mirror, cursor: Cursor, rules: Rules, tip: Tip, case: Case) -> Batch:
    """Appends what follows the cursor; where it does not follow, something was reorganised or the answer is torn."""
    first = cursor.block.number + 1
    appended = await fetch_stride(chain, rules, first, tip.head.number)
    if appended.blocks[0].parent_hash == cursor.block.hash or rules.ignore_reorgs:
        return batch(case, cursor, cursor.block, appended, tip)
    (actual,) = await chain.blocks(cursor.block.number, cursor.block.number)
    if actual.hash == cursor.block.hash:
        raise TornRange(first, appended.blocks[-1].number, "the range does not follow the cursor")
    return await replace(chain, mirror, cursor, rules, tip)


async def replace(chain: Chain, mirror: Mirror, cursor: Cursor, rules: Rules, tip: Tip) -> Batch:
    """Cuts to the common ancestor and appends what the chain has there now."""
    if rules.ignore_reorgs:
        return await ignore(chain, cursor, rules, tip)
    ancestor = await common_ancestor(chain, mirror, cursor, rules, tip.head.number)
    if ancestor.number == tip.head.number:
        return batch(Case.REORG, cursor, ancestor, NOTHING, tip)
    appended = await fetch_stride(chain, rules, ancestor.number + 1, tip.head.number)
    if appended.blocks[0].parent_hash != ancestor.hash:
        raise TornRange(ancestor.number, tip.head.number, "the range does not follow the common ancestor")
    return batch(Case.REORG, cursor, ancestor, appended, tip)


async def ignore(chain: Chain, cursor: Cursor, rules: Rules, tip: Tip) -> Batch:
    """What a mirror without reorg handling would do: only ever append. For the test that proves the check."""
    appended = NOTHING
    if tip.head.number > cursor.block.number:
        appended = await fetch_stride(chain, rules, cursor.block.number + 1, tip.head.number)
    return batch(Case.REORG, cursor, cursor.block, appended, tip)


async def common_ancestor(chain: Chain, mirror: Mirror, cursor: Cursor, rules: Rules, head: int) -> Block:
    """The newest block that both have. Raises FinalityBroken when it lies below what was final."""
    floor = lowest(cursor, rules)
    for high in range(min(cursor.block.number, head), floor - 1, -ANCESTOR_STRIDE):
        low = max(floor, high - ANCESTOR_STRIDE + 1)
        mirrored = await mirror.blocks(low, high)
        for block in reversed(await chain.blocks(low, high)):
            if mirrored.get(block.number) == block:
                return block
    raise FinalityBroken(floor)


async def fetch_stride(chain: Chain, rules: Rules, first: int, head: int) -> Range:
    """As many blocks from `first` as the node serves at once."""
    while True:
        last = min(head, first + rules.stride.blocks - 1)
        try:
            found = await chain.range(rules.addresses, first, last)
        except NodeRefused:
            if not rules.stride.refused():
                raise
        except NodeUnavailable:
            rules.stride.refused()  # a range that takes too long must not be asked for again as it was
            raise
        else:
            rules.stride.served()
            return found


def batch(case: Case, cursor: Cursor, ancestor: Block, appended: Range, tip: Tip) -> Batch:
    """Finality never goes back, and never beyond what is mirrored. Raises TornRange where the block that the chain
    calls final is another one in what is appended: the two were said of different forks."""
    for block in appended.blocks:
        if block.number == tip.finalized_number and tip.finalized_hash not in (None, block.hash):
            raise TornRange(block.number, block.number, "the final block is another one in the range")
    end = appended.blocks[-1].number if appended.blocks else ancestor.number
    finalized = max(cursor.finalized_number, min(tip.finalized_number or 0, end))
    return Batch(case, cursor, ancestor, appended, tip.head.number, finalized)
