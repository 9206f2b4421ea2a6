"""Redis for what a process can do without it: asked for a tenth of a second at most, and after a failure left alone for
a second, so that its absence costs no request time."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
T = TypeVar("T")
Client = Any
"""redis.asyncio.Redis, whose stubs say of most answers that they may or may not be awaited."""

ANSWER_SECONDS = 0.1
REST_SECONDS = 1.0


class RedisAway(Exception):
    """Redis did not answer, or is being left alone: go on without it. It leaves nobody's hands who asked."""


class RestingRedis:
    """`without` says in the log what this process does alone while Redis is away."""

    def __init__(self, url: str, without: str) -> None:
        self.client: Client = Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, decode_responses=True
        )
        self._without = without
        self.rests_until = 0.0

    async def close(self) -> None:
        await self.client.aclose()

    async def ask(self, question: Callable[[Client], Awaitable[T]], seconds: float = ANSWER_SECONDS) -> T:
        """What Redis answers. Raises RedisAway."""
        if time.monotonic() < self.rests_until:
            raise RedisAway
        try:
            async with asyncio.timeout(seconds):
                return await question(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            self.rests_until = time.monotonic() + REST_SECONDS
            log.warning("%s: redis=%s", self._without, type(error).__name__)
            raise RedisAway from error
