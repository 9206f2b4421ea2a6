"""`backfill --from BLOCK`: what is mirrored from a block on is deleted and fetched again, at an operator's word.

It is a reorg to the block before, below finality too: the same transaction, the same compensations. A leader finds the
cursor moved, connects anew and goes on from there; where nobody leads, this process fetches up to the head of now.
"""

import logging
from dataclasses import dataclass

from app.chain.deployment import Deployment
from app.config import Settings
from indexer.answers import Block
from indexer.backfill import catch_up
from indexer.errors import BlockNotMirrored, NodeRefused, NotConfirmed, ParentDiffers
from indexer.follow import NOTHING, Batch, Case, Cursor
from indexer.lead import providers_of, start
from indexer.projections import projections_for
from indexer.providers import Providers
from indexer.rebuild import require_mirror
from indexer.store import Store, connect
from indexer.write import write

log = logging.getLogger(__name__)

HOLD_CURSOR = "SELECT 1 FROM chain.cursors WHERE chain_id = %s FOR UPDATE"
COUNT = "SELECT count(*) FROM chain.logs WHERE block_number >= %s"
NO_TIMEOUT = "SET statement_timeout = 0"


@dataclass(frozen=True)
class Cut:
    """What a rewind deletes: everything after `ancestor`."""

    ancestor: Block
    cursor: Cursor
    logs: int

    def __str__(self) -> str:
        first, last, final = self.ancestor.number + 1, self.cursor.block.number, self.cursor.finalized_number
        said = f"blocks {first}..{last} with {self.logs} logs, their events and what was folded of them"
        return said + (f", blocks {first}..{final} of them final" if final >= first else ", none of them final")


async def backfill_from(settings: Settings, deployment: Deployment, block: int, *, confirmed: bool) -> str:
    """What was done, in words. Raises Stop where it must not be, NotConfirmed among them, and Retry for a node that
    does not answer: what was deleted by then is fetched by the next leader."""
    url = settings.database_url.get_secret_value()
    async with connect(url) as connection, providers_of(settings, deployment) as node:
        store = Store(connection, deployment.chain_id)
        await require_mirror(store, deployment)
        cut = await planned(store, node, block)
        if not confirmed:
            raise NotConfirmed(str(cut))
        log.warning("backfill deletes %s", cut)
        await rewind(store, deployment, cut.ancestor, (await node.tip()).head.number)
        if not await store.try_lead():
            return f"deleted {cut}; the leader fetches them again"
        fetched = await fetch_again(store, node, settings, deployment)
        return f"deleted {cut}; fetched again up to block {fetched.block.number}"


async def planned(store: Store, node: Providers, block: int) -> Cut:
    """Raises BlockNotMirrored, and ParentDiffers where the chain has another block before this one."""
    cursor, first = await store.cursor(), await store.first_block()
    assert cursor is not None
    if not first < block <= cursor.block.number:
        raise BlockNotMirrored(block, first + 1, cursor.block.number)
    if not await agree(store, node, block - 1):
        raise ParentDiffers(block - 1, await newest_common(store, node, first, block - 1))
    (row,) = await (await store.connection.execute(COUNT, [block])).fetchall()
    return Cut((await store.blocks(block - 1, block - 1))[block - 1], cursor, row[0])


async def newest_common(store: Store, node: Providers, low: int, high: int) -> int | None:
    """The newest block below `high` that mirror and chain share: whatever is above differs, so halving finds it."""
    if not await agree(store, node, low):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if await agree(store, node, middle) else (low, middle)
    return low


async def agree(store: Store, node: Providers, number: int) -> bool:
    """Whether mirror and chain have the same block there; a block that the node lacks is another one."""
    try:
        (actual,) = await node.blocks(number, number)
    except NodeRefused:
        return False
    return (await store.blocks(number, number)).get(number) == actual


async def rewind(store: Store, deployment: Deployment, ancestor: Block, head: int) -> None:
    """In one transaction, with the cursor held, so that a leader's batch comes before it or not at all."""
    await store.connection.execute(NO_TIMEOUT)
    async with store.connection.transaction():
        await store.connection.execute(HOLD_CURSOR, [store.chain_id])
        cursor = await store.cursor()
        assert cursor is not None
        finalized = min(cursor.finalized_number, ancestor.number)
        batch = Batch(Case.REORG, cursor, ancestor, NOTHING, head, finalized)
        await write(store.connection, batch, (), projections_for(deployment), store.chain_id)


async def fetch_again(store: Store, node: Providers, settings: Settings, deployment: Deployment) -> Cursor:
    """As a leader would, up to the head of now."""
    cursor, rules = await start(store, node, settings, deployment)
    return await catch_up(node, store.connection, deployment, cursor, rules)
