"""Rate limits on a real broker: who is counted, what he is told, and what happens while the broker is away."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from redis.asyncio import Redis

from app.accounts.api_keys import new_api_key
from app.config import Settings
from app.web.gcra import SCRIPT, Rate, decide
from app.web.rate_counters import MAX_BUCKETS, RateCounters
from app.web.rate_limits import address_of
from tests.integration.api import Wallet, running_api
from tests.integration.market import problem

AWAY = "redis://127.0.0.1:1/0"
SLOW = {"requests_per_second": 0.05, "anonymous_requests_per_second": 0.025, "burst_seconds": 200.0}
"""A place comes back after 20 and 40 seconds: no test is so slow."""


@pytest.fixture
async def counted_apart(settings: Settings, redis_url: str) -> Settings:
    """Settings whose buckets are empty, and no other test's: a slow rate fills a bucket for long."""
    url = redis_url.removesuffix("/0") + "/1"
    redis = Redis.from_url(url)
    await redis.flushdb()
    await redis.aclose()
    return settings.model_copy(update={"redis_url": type(settings.redis_url)(url)})


@pytest.fixture
async def limited(counted_apart: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An API that allows ten requests of a wallet at once, five of an address."""
    async with running_api(counted_apart.model_copy(update=SLOW)) as api:
        yield api


async def test_a_wallet_has_its_own_limit_and_is_told_where_it_stands(
    limited: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    mine, other = await wallet(0).sign_in(), await wallet(1).sign_in()
    answers = [await limited.get("/v1/listings", headers=mine) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[0].headers["ratelimit-policy"] == '"wallet";q=10;w=200'
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers[:3]] == ["r=9", "r=8", "r=7"]
    refused = answers[-1]
    assert problem(refused) == (429, "too-many-requests")
    assert 1 <= int(refused.headers["retry-after"]) == refused.json()["retry_after_seconds"] <= 20
    assert (await limited.get("/v1/listings", headers=other)).status_code == 200


async def test_a_wallet_is_the_same_in_all_its_sessions(
    limited: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    for headers in [await wallet(0).sign_in() for _ in range(10)]:
        assert (await limited.get("/v1/listings", headers=headers)).status_code == 200
    assert (await limited.get("/v1/listings", headers=await wallet(0).sign_in())).status_code == 429


async def test_an_address_without_credentials_is_counted_by_itself(
    limited: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    known = await wallet(0).sign_in()
    strangers: list[dict[str, str]] = [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}, {}, {}, {}]
    answers = [await limited.get("/v1/listings", headers=headers) for headers in strangers]
    assert [answer.status_code for answer in answers[:1] + answers[-2:]] == [200, 200, 429]
    assert answers[-1].headers["ratelimit-policy"] == '"address";q=5;w=200'
    assert (await limited.get("/v1/listings", headers=known)).status_code == 200


async def test_made_up_keys_share_their_networks_limit(counted_apart: Settings) -> None:
    few = {"requests_per_second": 0.005, "burst_seconds": 200.0}
    async with running_api(counted_apart.model_copy(update=few)) as api:
        headers = ({"Authorization": f"Bearer {new_api_key()}"} for _ in range(11))
        answers = [await api.get("/v1/listings", headers=each) for each in headers]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert answers[-1].headers["ratelimit-policy"].startswith('"network"')


async def test_processes_count_together(counted_apart: Settings, limited: httpx.AsyncClient) -> None:
    async with running_api(counted_apart.model_copy(update=SLOW)) as second:
        answers = [await api.get("/v1/listings") for _ in range(3) for api in (limited, second)]
    assert [answer.status_code for answer in answers].count(429) == 1


async def test_health_is_never_counted(limited: httpx.AsyncClient) -> None:
    answers = [await limited.get("/healthz") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers


async def test_a_refused_request_is_not_read(limited: httpx.AsyncClient) -> None:
    for _ in range(5):
        await limited.get("/v1/listings")

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1024
            await asyncio.sleep(0)

    answer = await asyncio.wait_for(limited.post("/v1/auth/nonce", content=endless()), 10)
    assert answer.status_code in (413, 429)


async def test_without_its_broker_a_process_counts_alone(settings: Settings) -> None:
    away = settings.model_copy(update={**SLOW, "redis_url": type(settings.redis_url)(AWAY)})
    async with running_api(away) as api:
        answers = [await api.get("/v1/listings") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]


async def test_a_broker_that_comes_back_counts_again(redis_url: str) -> None:
    counters, rate = RateCounters(redis_url), Rate(0.05, 2)
    try:
        counters._redis.rests_until = float("inf")
        alone = [await counters.take("back", rate) for _ in range(3)]
        counters._redis.rests_until = 0
        together = [await counters.take("back", rate) for _ in range(3)]
    finally:
        await counters.close()
    assert [each.allowed for each in alone] == [each.allowed for each in together] == [True, True, False]


async def test_the_script_decides_as_the_rule_does(redis_url: str) -> None:
    redis, rate = Redis.from_url(redis_url), Rate(50, 5)
    script = redis.register_script(SCRIPT)
    try:
        await redis.delete("bucket")
        for _ in range(60):
            before = await redis.get("bucket")
            allowed, remaining, reset, retry = await script(keys=["bucket"], args=[rate.interval_us, rate.window_us])
            begun = int(before or 0)
            after = int(await redis.get("bucket") or 0)
            # The script's clock is in its answer: reset counts from it.
            now_us = (after if allowed else begun) - reset
            verdict, tat = decide(rate, begun, now_us)
            assert (bool(allowed), remaining, reset, retry) == tuple(vars(verdict).values())
            assert after == tat or not allowed
    finally:
        await redis.aclose()


async def test_forgets_the_longest_unused_of_very_many(redis_url: str) -> None:
    counters, rate = RateCounters(redis_url), Rate(0.001, 1)
    assert counters.take_alone("first", rate).allowed
    assert not counters.take_alone("first", rate).allowed
    for number in range(MAX_BUCKETS):
        counters.take_alone(str(number), rate)
    assert counters.take_alone("first", rate).allowed
    await counters.close()


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("203.0.113.7", 1), "203.0.113.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::"),
        (("2001:db8:1:2::1", 1), "2001:db8:1:2::"),
        (("testclient", 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_an_ipv6_site_is_one_address(client: tuple[str, int] | None, counted: str) -> None:
    assert address_of({"client": client}) == counted
