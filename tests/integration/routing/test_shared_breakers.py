"""Breakers that several processes share through Redis, and each alone without it."""

import asyncio
import time

from app.routing.health import Health
from app.routing.rules import Phase
from tests.integration.api import until


def fail(health: Health, agent: int, times: int = 5) -> None:
    for _ in range(times):
        health.began(agent)
        health.ended(agent, False, 300, pool_size=10)


async def test_what_one_process_opens_the_others_leave_out(redis_url: str) -> None:
    one, other = Health(redis_url), Health(redis_url)
    await one.start()
    await other.start()
    try:
        fail(one, 71)
        await until(lambda: other.is_ejected(71, time.monotonic()), 3.0)
        await until(lambda: not other.is_ejected(71, time.monotonic()), 3.0)
        now = time.monotonic()
        got = [await each.claim_probe(71, now) for each in (other, one)]
        assert sorted(got) == [False, True]
        prober = (other, one)[got.index(True)]
        prober.began(71)
        prober.ended(71, True, 20, pool_size=10)
        assert prober.of(71).breaker.phase is Phase.CLOSED
        await until(lambda: all(each.of(71).breaker.phase is Phase.CLOSED for each in (one, other)), 5.0)
    finally:
        await one.close()
        await other.close()


async def test_it_ends_whenever_it_is_told_to(redis_url: str) -> None:
    for number in range(12):
        health = Health(redis_url)
        await health.start()
        await asyncio.sleep(0.248 + number * 0.0005)  # as it begins to ask Redis
        async with asyncio.timeout(3):
            await health.close()


async def test_without_redis_each_has_its_own() -> None:
    alone = Health("redis://127.0.0.1:1/0")
    await alone.start()
    try:
        fail(alone, 72)
        assert alone.is_ejected(72, time.monotonic())
        await asyncio.sleep(1.05)
        assert await alone.claim_probe(72, time.monotonic())
        alone.began(72)
        alone.ended(72, True, 20, pool_size=10)
        assert not alone.is_ejected(72, time.monotonic())
    finally:
        await alone.close()
