"""Load at a rate, whatever the answers take (open loop): who waits for answers measures too few of the slow ones."""

import asyncio
import time
from collections.abc import Coroutine, Iterable
from typing import Any


async def at_rate(rate: float, calls: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Starts so many a second and waits for all of them; an error of one ends all."""
    start = time.perf_counter()
    async with asyncio.TaskGroup() as running:
        for number, call in enumerate(calls):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            running.create_task(call)
