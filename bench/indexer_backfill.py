"""One backfill by the indexer itself, from an empty mirror to the head; its figures as JSON."""

import asyncio
import json
import os
import sys

from psycopg import AsyncConnection

from app.chain import deployment as deployments
from app.config import read_settings
from bench.indexer_clock import Clock, Memory
from indexer.backfill import catch_up
from indexer.launch import launch
from indexer.lead import start
from indexer.providers import Providers
from indexer.store import Store, connect


async def main() -> dict[str, float]:
    settings = read_settings()
    deployment = deployments.load(settings.deployment_file)
    helpers = launch()
    async with (
        Providers(settings.rpc_urls, timeout_seconds=60) as node,
        connect(settings.database_url.get_secret_value()) as connection,
    ):
        store = Store(connection, deployment.chain_id)
        cursor, rules = await start(store, node, settings, deployment)
        clock = Clock(connection.info.backend_pid, helpers)
        with Memory([os.getpid(), *helpers]) as memory:
            await catch_up(node, connection, deployment, cursor, rules)
            figures = clock.since()
        figures["events"] = await count(connection)
    return {**figures, "peak_mb": memory.peak_mb}


async def count(connection: AsyncConnection) -> int:
    row = await (await connection.execute("SELECT count(*) FROM chain.logs")).fetchone()
    return 0 if row is None else int(row[0])


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
    sys.exit()
