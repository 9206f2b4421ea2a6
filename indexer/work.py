"""Computing beside the event loop, in one thread: several would only take the interpreter from each other."""

import asyncio
import ctypes
import gc
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, ParamSpec, TypeVar, TypeVarTuple, cast

from indexer import helper

SWITCH_SECONDS = 0.0002
"""How long the loop waits for the interpreter while the worker computes; by default 5 ms for every few kilobytes
that go to the database."""
OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""A batch makes many objects and no cycles: looking for those costs a third of the time."""

M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -8, -3, -1
REUSED_BYTES, KEPT_BYTES = 32 << 20, 128 << 20

P = ParamSpec("P")
T = TypeVar("T")
Given = TypeVarTuple("Given")

_worker, _urgent = ThreadPoolExecutor(1, "work"), ThreadPoolExecutor(1, "urgent")
_lanes = [ThreadPoolExecutor(1, f"lane{n}") for n in range(helper.LANES)]


def tune() -> None:
    """For the whole process, once it is set up."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 50, 100)
    # By default glibc keeps what a thread freed for that thread alone, and asks the system for every large piece, which
    # it zeroes first: a tenth of a backfill's time. One arena for all, which keeps what it has, needs no more memory.
    with suppress(OSError, AttributeError):  # another libc has neither the habit nor the call
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, 1)
        libc.mallopt(M_MMAP_THRESHOLD, REUSED_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


async def work(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The function's answer. Calls run in the order in which they come."""
    return await _in(_worker, lambda: function(*args, **kwargs))


async def compute(lane: int, function: Callable[[*Given], T], *given: *Given) -> T:
    """The answer of a module's function, from the lane's helper where there is one: both are copied. Calls of a lane
    run in the order in which they come."""
    return await _in(_lanes[lane], lambda: cast(T, helper.compute(lane, function, given)))


async def work_now(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """For what an open transaction waits for: it does not queue behind what is read ahead."""
    return await _in(_urgent, lambda: function(*args, **kwargs))


async def one_ahead(items: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The items, the next of which is made while one is in use. Raises what they raise, after those before."""
    following = asyncio.ensure_future(anext(items, None))
    try:
        while (item := await following) is not None:
            following = asyncio.ensure_future(anext(items, None))
            yield item
            del item
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await items.aclose()


@asynccontextmanager
async def running_beside(coroutine: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Runs until the end of the block, which waits until it is cancelled; whatever ends it does not end the block."""
    task = asyncio.create_task(coroutine, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _in(pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, call)
