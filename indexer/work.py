"""Computing beside the event loop, in one thread: several would only take the interpreter from each other."""

import asyncio
import ctypes
import gc
import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from typing import Any, ParamSpec, TypeVar, TypeVarTuple, cast

from indexer import lanes

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
Job = Callable[[int], Awaitable[T]]
"""What is to be done in a lane, given its number."""

_worker, _urgent = ThreadPoolExecutor(1, "work"), ThreadPoolExecutor(1, "urgent")
_lanes = [ThreadPoolExecutor(1, f"lane{n}") for n in range(lanes.LANES)]


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


def let_go() -> None:
    """Gives memory that is kept for the next unit back to the system."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


async def work(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The function's answer. Calls run in the order in which they come."""
    return await _in(_worker, lambda: function(*args, **kwargs))


async def compute(lane: int, function: Callable[[*Given], T], *given: *Given) -> T:
    """The answer of a module's function, from the lane's helper where there is one: both are copied. Calls of a lane
    run in the order in which they come."""
    return await _in(_lanes[lane], lambda: cast(T, lanes.compute(lane, function, given)))


async def work_now(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """For what an open transaction waits for: it does not queue behind what is read ahead."""
    return await _in(_urgent, lambda: function(*args, **kwargs))


async def in_lanes(jobs: AsyncGenerator[Job[T], None]) -> AsyncGenerator[T, None]:
    """What the jobs give, in their order: one runs in each lane, and the next begins when the first of them is taken.
    Raises what they raise, after those before."""
    turn = asyncio.Lock()

    async def one(lane: int) -> tuple[T] | None:
        async with turn:  # first come, first served: the lanes take jobs in the order in which their results are taken
            job = await anext(jobs, None)
        return None if job is None else (await job(lane),)

    running = deque(asyncio.ensure_future(one(lane)) for lane in range(lanes.LANES))
    try:
        for lane in cycle(range(lanes.LANES)):
            done = await running.popleft()
            if done is None:
                break
            running.append(asyncio.ensure_future(one(lane)))
            yield done[0]
            del done
    finally:
        await cancelled(running)
        await jobs.aclose()


async def cancelled(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Ends them, and waits until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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
