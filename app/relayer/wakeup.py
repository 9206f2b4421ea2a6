"""The nudge that follows a commit: a wake-up and no data, so losing it costs the time until the next sweep."""

import asyncio
import logging
import time

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.3
REST_SECONDS = 3.0

_silent_until = 0.0


async def nudge() -> None:
    """Asks the relayer's worker to look at once. Never raises and never takes long.

    After a failure the broker is left alone for a few seconds, so that requests do not queue up behind it.
    """
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.to_thread(wake)
    except Exception as error:  # any kind: the row is stored, and the sweep that beat starts finds it
        _silent_until = time.monotonic() + REST_SECONDS
        log.warning("relayer not nudged: %s", type(error).__name__)


def wake() -> None:
    # Late, because the jobs import what enqueues, and what enqueues imports this.
    from app.relayer import jobs

    jobs.wake()
