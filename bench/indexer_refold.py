"""One refold of a whole mirror, the swap included; its figures as JSON."""

import asyncio
import json
import os
import sys
import time

from app.chain import deployment as deployments
from app.config import read_settings
from bench.indexer_backfill import count
from bench.indexer_clock import Memory
from indexer.launch import launch
from indexer.rebuild import refold_all
from indexer.store import connect


async def main() -> dict[str, float]:
    settings = read_settings()
    url, deployment = settings.database_url.get_secret_value(), deployments.load(settings.deployment_file)
    helpers = launch()
    began = time.perf_counter()
    with Memory([os.getpid(), *helpers]) as memory:
        await refold_all(url, deployment)
        seconds = time.perf_counter() - began
    async with connect(url) as connection:
        return {"events": await count(connection), "seconds": seconds, "peak_mb": memory.peak_mb}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
    sys.exit()
