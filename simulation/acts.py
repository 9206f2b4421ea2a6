"""Acts that run side by side and end together."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Acts:
    """`async with Acts() as acts`: whatever still runs at the end is cancelled. An error of an act is kept for
    `raise_error`: it is a fault of the simulation, since refusals are caught where they are met."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop(self._running)

    def start(self, doing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(doing)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def stop(self, tasks: set[asyncio.Task[None]]) -> None:
        """Cancels these and waits for them."""
        waited = list(tasks)
        for task in waited:
            task.cancel()
        await asyncio.gather(*waited, return_exceptions=True)

    def raise_error(self) -> None:
        """Raises the first error that an act ended with."""
        if self._errors:
            raise self._errors[0]

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._errors.append(error)
