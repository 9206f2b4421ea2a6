"""The boundary commits once, and what must not leave before the commit leaves after it.

Requests use `transaction`; jobs use `run_in_worker`, which keeps one event loop and one engine per worker process,
made after the fork.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.config import Settings, read_settings, sqlalchemy_url
from app.database import make_engine, make_sessions

log = logging.getLogger(__name__)
T = TypeVar("T")
AfterCommit = Callable[[], Awaitable[None]]
_AFTER_COMMIT = "after_commit"


@asynccontextmanager
async def transaction(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
    """One session, one commit at the end, nothing at all on an error; then the after-commit calls."""
    async with sessions() as session:
        async with session.begin():
            yield session
        for call in session.info.pop(_AFTER_COMMIT, {}).values():
            await call()


async def in_database(url: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """What a command does in one transaction; `url` is postgresql://…"""
    engine = make_engine(sqlalchemy_url(url), pool_size=1)
    try:
        async with transaction(make_sessions(engine)) as session:
            return await work(session)
    finally:
        await engine.dispose()


def after_commit(session: AsyncSession, name: str, call: AfterCommit) -> None:
    """Runs `call` once after the boundary commits; a second call of the same name replaces the first.

    It is for wake-ups only: the row is the data, so a lost call costs a sweep's delay and nothing else.
    """
    session.info.setdefault(_AFTER_COMMIT, {})[name] = call


@dataclass(frozen=True)
class WorkerRuntime:
    """What jobs share in one worker process."""

    settings: Settings
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]


_runner: asyncio.Runner | None = None
_runtime: WorkerRuntime | None = None


def run_in_worker(job: Callable[[WorkerRuntime], Coroutine[Any, Any, T]]) -> T:
    """Runs one job to its end on this worker process's loop. Raises what the job raises."""
    global _runner, _runtime
    if _runner is None or _runtime is None:
        settings = read_settings()
        engine = make_engine(settings.sqlalchemy_url, pool_size=5)
        _runner, _runtime = asyncio.Runner(), WorkerRuntime(settings, engine, make_sessions(engine))
    return _runner.run(job(_runtime))


def stop_worker_runtime() -> None:
    """Closes the engine and the loop of this worker process, if there are any."""
    global _runner, _runtime
    if _runner is not None and _runtime is not None:
        _runner.run(_runtime.engine.dispose())
        _runner.close()
    _runner = _runtime = None
