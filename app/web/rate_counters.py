"""Counting requests: in Redis, so that all processes count together; by itself while Redis is away.

Decided: an absent Redis refuses nobody and frees nobody. Each process then counts in its own memory at the same rate,
so what gets through is at most the limit times the number of processes, and a service without its Redis still answers.
"""

import time
from collections import OrderedDict

from app.web.gcra import MICROSECONDS, SCRIPT, Rate, Verdict, decide
from app.web.resting_redis import RedisAway, RestingRedis

MAX_BUCKETS = 10_000


class RateCounters:
    """Buckets by name."""

    def __init__(self, redis_url: str) -> None:
        self._redis = RestingRedis(redis_url, "rate limits are counted by this process alone")
        self._script = self._redis.client.register_script(SCRIPT)
        self._own: OrderedDict[str, int] = OrderedDict()

    async def close(self) -> None:
        await self._redis.close()

    async def take(self, bucket: str, rate: Rate) -> Verdict:
        """Counts one request; never raises and never waits longer than a tenth of a second."""
        keys, args = [f"guildhall:rate:{bucket}"], [rate.interval_us, rate.window_us]
        try:
            allowed, remaining, reset, retry = await self._redis.ask(lambda _: self._script(keys=keys, args=args))
        except RedisAway:
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
