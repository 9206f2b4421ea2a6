"""Counting requests: in Redis, so that all processes count together; by itself while Redis is away.

Decided: an absent Redis refuses nobody and frees nobody. Each process then counts in its own memory at the same rate,
so what gets through is at most the limit times the number of processes, and a service without its Redis still answers.
"""

import asyncio
import logging
import time
from collections import OrderedDict

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.web.gcra import MICROSECONDS, SCRIPT, Rate, Verdict, decide

log = logging.getLogger(__name__)

ANSWER_SECONDS = 0.1
REST_SECONDS = 1.0
MAX_BUCKETS = 10_000


class RateCounters:
    """Buckets by name. After a failure Redis is left alone for a second, so that its absence costs no request time."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS)
        self._script = self._redis.register_script(SCRIPT)
        self._rests_until = 0.0
        self._own: OrderedDict[str, int] = OrderedDict()

    async def close(self) -> None:
        await self._redis.aclose()

    async def take(self, bucket: str, rate: Rate) -> Verdict:
        """Counts one request; never raises and never waits longer than a tenth of a second."""
        if time.monotonic() < self._rests_until:
            return self.take_alone(bucket, rate)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                allowed, remaining, reset, retry = await self._script(
                    keys=[f"guildhall:rate:{bucket}"], args=[rate.interval_us, rate.window_us]
                )
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("rate limits are counted by this process alone: redis=%s", type(error).__name__)
            return self.take_alone(bucket, rate)
        return Verdict(bool(allowed), int(remaining), int(reset), int(retry))

    def take_alone(self, bucket: str, rate: Rate) -> Verdict:
        """Counts in memory; of very many buckets the longest unused is forgotten."""
        now_us = int(time.monotonic() * MICROSECONDS)
        verdict, self._own[bucket] = decide(rate, self._own.get(bucket), now_us)
        self._own.move_to_end(bucket)
        if len(self._own) > MAX_BUCKETS:
            self._own.popitem(last=False)
        return verdict
