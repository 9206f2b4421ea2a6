"""Whether requests can be served: each thing behind us is asked, with a time-out, and answers one word."""

import asyncio
from datetime import timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.web.queries import cursor_and_age
from app.web.schemas import Readiness, Word

SECONDS = 2.0
STALE_AFTER = timedelta(seconds=60)
HALTED = "The mirror is halted and nothing is served as final:"


async def readiness(sessions: async_sessionmaker[AsyncSession], redis_url: str) -> Readiness:
    """Asks database and broker side by side; never raises."""
    (database, mirror, lag, reason), broker = await asyncio.gather(ask_database(sessions), ask_broker(redis_url))
    # A stale mirror is named and served: to take every process away would make a part's failure the whole's.
    ready = database == broker == "ok" and mirror in ("ok", "stale")
    return Readiness(ready=ready, database=database, broker=broker, mirror=mirror, lag_blocks=lag, reason=reason)


async def ask_database(sessions: async_sessionmaker[AsyncSession]) -> tuple[Word, Word, int | None, str | None]:
    """The database's word, the mirror's, its lag in blocks, and why it halted."""
    try:
        async with asyncio.timeout(SECONDS), sessions() as session:
            found = await cursor_and_age(session)
    except (SQLAlchemyError, OSError, TimeoutError):
        return "unreachable", "missing", None, None
    if found is None:
        return "ok", "missing", None, None
    cursor, age = found
    lag = cursor.head_number - cursor.block_number
    if cursor.halted is not None:
        return "ok", "halted", lag, f"{HALTED} {cursor.halted}"
    return "ok", "stale" if age > STALE_AFTER else "ok", lag, None


async def ask_broker(redis_url: str) -> Word:
    """Whether the broker answers a PING."""
    broker = Redis.from_url(redis_url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
    try:
        async with asyncio.timeout(SECONDS):
            await broker.execute_command("PING")
    except (RedisError, OSError, TimeoutError):
        return "unreachable"
    finally:
        await broker.aclose()
    return "ok"
