"""`python -m tests.integration.relayer.crash_worker`: sweeps again and again, until it is killed.

The worker's sweep without Celery: what is killed here is the relayer, and a process that starts in a second can be
killed more often.
"""

import asyncio
import logging
import time

from app.boundary import WorkerRuntime
from app.config import read_settings
from app.database import make_engine, make_sessions
from app.relayer.jobs import sweep

LIFE_SECONDS = 600.0
PAUSE_SECONDS = 0.1


async def main() -> None:
    settings = read_settings()
    engine = make_engine(settings.sqlalchemy_url, pool_size=10)
    runtime = WorkerRuntime(settings, engine, make_sessions(engine))
    ends = time.monotonic() + LIFE_SECONDS
    while time.monotonic() < ends:
        try:
            await sweep(runtime)
        except Exception:
            logging.getLogger("crash_worker").exception("sweep failed")
        await asyncio.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main())
