"""Finality that several nodes vouch for (RPC_QUORUM): a block is final once so many have told the same of it.

What is mirrored comes from one node. Before its blocks are called final, the range is read from as many nodes as the
quorum asks for, whole from each, and compared by digest with each other and with what is stored.
"""

import logging
from dataclasses import replace

from indexer.errors import Retry
from indexer.follow import NOTHING, Batch, Case, Rules
from indexer.metrics import metrics
from indexer.providers import Providers
from indexer.repair import digest, stored_range
from indexer.store import Store

log = logging.getLogger(__name__)


async def vouched(store: Store, node: Providers, rules: Rules, batch: Batch) -> Batch:
    """The batch, with as much of its finality as the quorum agrees upon; where it agrees against the mirror, a batch
    that cuts what is not final, to be read again. Too few answers, or different ones, leave finality where it is. A
    quorum of one vouches for everything."""
    if rules.quorum == 1:
        return batch
    held = replace(batch, finalized_number=batch.cursor.finalized_number)
    first = max(batch.cursor.finalized_number, rules.floor) + 1
    last = min(batch.finalized_number, batch.ancestor.number, batch.cursor.block.number, first + rules.stride.most - 1)
    if last < first:
        return held
    try:
        readings = {digest(each) for each in await node.ranges(rules.addresses, first, last, rules.quorum)}
    except Retry as error:
        disagreed("unanswered", first, last, str(error))
        return held
    if len(readings) > 1:
        disagreed("nodes", first, last, "the nodes tell different things")
        return held
    if readings == {digest(await stored_range(store, first, last))}:
        return replace(batch, finalized_number=last)
    disagreed("mirror", first, last, "the mirror differs from what all nodes tell: it is read again")
    before = (await store.blocks(first - 1, first - 1))[first - 1]
    return Batch(Case.REORG, batch.cursor, before, NOTHING, batch.head_number, batch.cursor.finalized_number)


def disagreed(kind: str, first: int, last: int, reason: str) -> None:
    metrics.count("quorum_failures_total", kind=kind)
    log.warning("not vouched for blocks=%d..%d %s", first, last, reason)
