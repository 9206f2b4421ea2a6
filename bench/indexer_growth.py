"""A backfill of 1,000,000 events, measured part by part, and then reorgs of ten blocks on what it stored."""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from contextlib import aclosing
from statistics import median
from typing import Any

from app.chain import deployment as deployments
from app.chain.deployment import Deployment
from app.config import read_settings
from bench.indexer_clock import Clock, Memory
from indexer.backfill import Ahead, store
from indexer.decode import Decoder, decoder_for
from indexer.follow import Batch, Case, Cursor, Rules
from indexer.launch import launch
from indexer.lead import start
from indexer.projections import Projection, projections_for
from indexer.providers import Providers
from indexer.rows import prepare
from indexer.store import Store, connect
from indexer.write import write

PART_EVENTS = 100_000
REORG_BLOCKS, REORGS = 10, 7


async def main() -> dict[str, Any]:
    settings = read_settings()
    deployment = deployments.load(settings.deployment_file)
    decoder, projections = decoder_for(deployment), projections_for(deployment)
    helpers = launch()
    async with (
        Providers(settings.rpc_urls, timeout_seconds=60) as node,
        connect(settings.database_url.get_secret_value()) as connection,
    ):
        kept = Store(connection, deployment.chain_id)
        cursor, rules = await start(kept, node, settings, deployment)
        with Memory([os.getpid(), *helpers]) as memory:
            parts, cursor = await backfill(kept, node, deployment, cursor, rules, helpers)
        reorgs = [await reorg(kept, node, decoder, projections, cursor) for _ in range(REORGS)]
    return {"parts": parts, "peak_mb": memory.peak_mb, "reorg_ms": median(reorgs), "reorg_worst_ms": max(reorgs)}


async def backfill(
    kept: Store,
    node: Providers,
    deployment: Deployment,
    cursor: Cursor,
    rules: Rules,
    helpers: Sequence[int],
) -> tuple[list[dict[str, float]], Cursor]:
    """The figures of each part of at least PART_EVENTS, and the cursor at the head."""
    tip = await node.tip()
    ahead = Ahead(node, deployment, rules.stride, cursor.block.number + 1, tip.head.number)
    parts, clock, events = [], Clock(kept.connection.info.backend_pid, helpers), 0
    async with aclosing(ahead.units(cursor.block)) as units:
        async for one in units:
            cursor = await store(kept.connection, one, deployment, cursor, tip)
            events += one.log_count
            del one
            if events >= PART_EVENTS:
                parts.append({**clock.since(), "events": events})
                clock, events = Clock(kept.connection.info.backend_pid, helpers), 0
    return parts, cursor


async def reorg(
    kept: Store, node: Providers, decoder: Decoder, projections: Sequence[Projection], cursor: Cursor
) -> float:
    """Milliseconds of the transaction that cuts the last blocks and appends as many; here they are the same ones."""
    head = cursor.block.number
    (ancestor,) = await node.blocks(head - REORG_BLOCKS, head - REORG_BLOCKS)
    found = await node.range(decoder.addresses, head - REORG_BLOCKS + 1, head)
    batch = Batch(Case.REORG, cursor, ancestor, found, head, cursor.finalized_number)
    prepared = [prepare(decoder, found)]
    began = time.monotonic()
    await write(kept.connection, batch, prepared, projections, kept.chain_id)
    return (time.monotonic() - began) * 1_000


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
