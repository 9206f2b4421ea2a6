"""Puts a range of final blocks that is mirrored wrongly in its place again, in one transaction.

Only what two readings agreed upon comes here. The rows of every key that an event of the range touches, whether it is
stored or fetched, are folded anew from all of their events.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from psycopg import AsyncConnection

from app.chain.deployment import Deployment
from indexer.announce import announce, packed
from indexer.decode import RawLog, decoder_for
from indexer.errors import CursorMoved
from indexer.fetch import Range
from indexer.projections import Key, Projection, projections_for
from indexer.refold import begin, refold
from indexer.rows import Prepared, prepare
from indexer.store import Store
from indexer.work import work
from indexer.write import append_and_fold, cut_between, subjects

TOPIC = "healed"
HOLD_CURSOR = "SELECT finalized_number FROM chain.cursors WHERE chain_id = %s AND halted IS NULL FOR UPDATE"
LOGS = """
SELECT block_number, log_index, block_hash, tx_hash, tx_index, address, topics, data FROM chain.logs
WHERE block_number BETWEEN %s AND %s ORDER BY 1, 2
"""


def digest(found: Range) -> bytes:
    """SHA-256 over all that is kept of a range. Each field is written so that two ranges never read alike."""
    blocks = [(each.number, each.hash, each.parent_hash, each.timestamp) for each in found.blocks]
    return sha256(repr((blocks, [tuple(each) for each in found.logs])).encode()).digest()


async def stored_range(store: Store, first: int, last: int) -> Range:
    """What is mirrored of first..last, whether it is whole or not."""
    blocks = await store.blocks(first, last)
    logs = await (await store.connection.execute(LOGS, [first, last])).fetchall()
    return Range(
        tuple(blocks[number] for number in sorted(blocks)),
        tuple(RawLog._make((*row[:6], tuple(row[6]), row[7])) for row in logs),
    )


async def heal(store: Store, deployment: Deployment, right: Range) -> list[str]:
    """Replaces a range by `right`; answers the subjects that were folded anew.

    The cursor is held, so that a leader's batch comes before or after. Raises CursorMoved where the range is not final
    any more, or the mirror halted meanwhile.
    """
    first, last = right.blocks[0].number, right.blocks[-1].number
    projections = projections_for(deployment)
    prepared = await work(prepare, decoder_for(deployment), right)
    async with store.connection.transaction():
        await hold_final(store, last)
        gone = await cut_between(store.connection, first, last)
        touched = {name: [*keys, *values_in(prepared, name)] for name, keys in gone.items()}
        await append_and_fold(store.connection, projections, [prepared], touched)
        names = subjects(projections, touched)
        await say(store, names, {"from_block": first, "to_block": last})
    return names


async def heal_rows(store: Store, projection: Projection, keys: Iterable[Key]) -> None:
    """Folds the rows of the keys anew from all of their events. Raises CursorMoved where the mirror is halted."""
    wanted = frozenset(keys)
    async with store.connection.transaction():
        await hold_final(store, 0)
        await refold(store.connection, projection, begin(projection, (), wanted))
        await say(store, map(projection.subject, wanted), {"table": projection.model.__tablename__})


def values_in(prepared: Prepared, table: str) -> list[Key]:
    return [values for values, _event in prepared.events[table]]


async def hold_final(store: Store, last: int) -> None:
    row = await (await store.connection.execute(HOLD_CURSOR, [store.chain_id])).fetchone()
    if row is None or row[0] < last:
        raise CursorMoved(last)


async def say(store: Store, subjects: Iterable[str], payload: Mapping[str, object]) -> None:
    """To whoever followed these subjects, and to operators."""
    whom = sorted({*subjects, f"chain:{store.chain_id}"})
    await announce(store.connection, [packed(TOPIC, subject, payload) for subject in whom], [TOPIC])


async def alert(connection: AsyncConnection, chain_id: int, payload: Mapping[str, object]) -> None:
    """Announces what was found and may not be mended without a person."""
    async with connection.transaction():
        await announce(connection, [packed("audit_failed", f"chain:{chain_id}", payload)], ["audit_failed"])
