"""Agents without an endpoint ask for their calls."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from app.config import Settings
from app.routing import jobs
from tests.integration.api import Wallet, execute, until, working
from tests.integration.routing.shop import Shop, kind

TAKE = "/v1/agents/1/calls/take"


@pytest.fixture
async def puller(shop: Shop) -> "Puller":
    for table in ("market.pulled_calls", "market.pulling_agents"):
        execute(shop.database_url, f"DELETE FROM {table}")
    await shop.list(1, None)
    return Puller(shop, await shop.owner.sign_in())


class Puller:
    """Agent 1, which takes what there is."""

    def __init__(self, shop: Shop, headers: dict[str, str]) -> None:
        self.shop, self.headers = shop, headers

    async def take(self, seconds: float = 5) -> dict[str, Any] | None:
        answer = await self.shop.api.post(TAKE, json={"wait_seconds": seconds}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return None if answer.json()["work"] is None else dict(answer.json()["work"])

    async def answer(self, work: dict[str, Any], **said: Any) -> httpx.Response:
        path = f"/v1/agents/1/calls/{work['id']}/answer"
        return await self.shop.api.post(path, json=said, headers=self.headers)

    @asynccontextmanager
    async def calling(self, **asked: Any) -> AsyncIterator[asyncio.Task[httpx.Response]]:
        """A call on its way, which this agent has been seen to ask for."""
        assert await self.take(0) is None
        task = asyncio.create_task(self.shop.call(**{"try_ms": 5_000} | asked))
        yield task
        await task


async def test_an_agent_takes_a_call_and_answers_it(puller: Puller) -> None:
    async with puller.calling() as call:
        work = await puller.take()
        assert work is not None
        assert work["input"] == {"words": ["b"]}
        assert (await puller.answer(work, answer={"ok": 1})).status_code == 204
        assert (await puller.answer(work, answer={"ok": 1})).status_code == 204
        assert kind(await puller.answer(work, answer={"ok": 2})) == (409, "call-over")
        found = (await call).json()
    assert (found["state"], found["answer"], found["call_id"]) == ("answered", {"ok": 1}, work["call_id"])


async def test_who_waits_is_given_what_comes(puller: Puller) -> None:
    waiting = [asyncio.create_task(puller.take()) for _ in range(2)]
    await until(lambda: execute(puller.shop.database_url, "SELECT 1 FROM market.pulling_agents"))
    calls = [asyncio.create_task(puller.shop.call(input=number, try_ms=5_000)) for number in range(2)]
    given = await asyncio.gather(*waiting)
    works = [each for each in given if each is not None]
    assert sorted(work["input"] for work in works) == [0, 1]
    for work in works:
        await puller.answer(work, answer=work["input"] * 10)
    assert [(await call).json()["answer"] for call in calls] == [0, 10]


async def test_what_waits_is_taken_without_waiting(puller: Puller) -> None:
    async with puller.calling() as call:
        await until(lambda: execute(puller.shop.database_url, "SELECT 1 FROM market.pulled_calls"))
        work = await puller.take(0)
        assert work is not None
        await puller.answer(work, answer=1)
        assert (await call).json()["answer"] == 1


async def test_a_failure_is_told_at_once(puller: Puller) -> None:
    async with puller.calling() as call:
        for _ in range(4):
            work = await puller.take()
            assert work is not None
            await puller.answer(work, failure="out of ink")
        assert kind(await call) == (503, "call-failed")
    [dead] = (await puller.shop.get("/calls", state="failed")).json()["items"]
    reasons = {each["reason"] for each in dead["attempts"]}
    assert reasons == {"The agent's endpoint did not do the call: the agent says: out of ink."}


async def test_an_answer_that_comes_too_late_is_refused(puller: Puller) -> None:
    async with puller.calling(try_ms=300, deadline_ms=300) as call:
        work = await puller.take()
        assert work is not None
        assert kind(await call) == (503, "call-failed")
        assert kind(await puller.answer(work, answer=1)) == (409, "call-over")


async def test_nobody_waits_for_an_agent_that_does_not_ask(puller: Puller) -> None:
    assert kind(await puller.shop.call()) == (404, "no-agent-fits")
    assert await puller.take(0) is None
    execute(puller.shop.database_url, "UPDATE market.pulling_agents SET seen_at = seen_at - interval '61 seconds'")
    assert kind(await puller.shop.call(capability="text")) == (404, "no-agent-fits")


async def test_calls_are_the_agents_own(puller: Puller, wallet: Callable[[int], Wallet]) -> None:
    async with puller.calling() as call:
        work = await puller.take()
        assert work is not None
        stranger = await wallet(5).sign_in()
        path = f"/v1/agents/1/calls/{work['id']}/answer"
        for asked in ((TAKE, {}), (path, {"answer": 1})):
            refused = await puller.shop.api.post(asked[0], json=asked[1], headers=stranger)
            assert kind(refused) == (403, "not-controller")
        await puller.shop.list(2, "http://agent.example/")
        other = path.replace("/1/", "/2/")
        refused = await puller.shop.api.post(other, json={"answer": 1}, headers=puller.headers)
        assert kind(refused) == (409, "call-over")
        await puller.answer(work, answer=5)
        assert (await call).json()["answer"] == 5


async def test_old_tries_are_forgotten(puller: Puller, settings: Settings) -> None:
    async with puller.calling() as call:
        work = await puller.take()
        assert work is not None
        await puller.answer(work, answer=1)
        await call
    async with working(settings) as runtime:
        await jobs.forget_once(runtime)
        assert execute(puller.shop.database_url, "SELECT count(*) FROM market.pulled_calls") == [(1,)]
        execute(puller.shop.database_url, "UPDATE market.pulled_calls SET expires_at = now() - interval '2 hours'")
        await jobs.forget_once(runtime)
    assert execute(puller.shop.database_url, "SELECT count(*) FROM market.pulled_calls") == [(0,)]
