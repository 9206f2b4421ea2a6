"""Calls over real HTTP: failover, time-outs, hedges, and what they leave behind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from app.errors import CallFailed, EndpointFailed, NoAgentFits, TooBusy
from app.routing.dispatch import Ask, Dispatcher
from app.routing.health import Health
from app.routing.pool import Pool
from app.routing.rules import Candidate, Phase, Wanted, chosen
from app.routing.wire import MAX_ANSWER, Wire
from tests.unit.routing.agents import BROKEN, OK, agents

ASK = Ask(Wanted("text.sort"), b'{"words":["b","a"]}', deadline_seconds=3.0, try_seconds=0.3)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire(allow_private=True)
    yield made
    await made.close()


@pytest.fixture
def dispatcher(wire: Wire) -> Dispatcher:
    return Dispatcher(Health(), wire, Random(1))


async def test_an_answer_is_whose_it_is(dispatcher: Dispatcher) -> None:
    async with agents([OK]) as (offers, scripted):
        outcome = await dispatcher.call(Pool(offers), replace(ASK, headers={"Guildhall-Call": "7"}))
    assert (outcome.answer, outcome.candidate.agent_id) == ({"ok": True}, 1)
    assert b"Guildhall-Call: 7" in scripted[0].headers[0]
    assert dispatcher.health.of(1).in_flight == 0


@pytest.mark.parametrize(
    "bad",
    [BROKEN, (0.0, 302, b""), (0.0, 200, b"no json"), (5.0, 200, b"{}"), (0.0, 200, b"1" * (MAX_ANSWER + 1))],
    ids=["status", "redirect", "no-json", "too-late", "too-large"],
)
async def test_another_does_what_one_cannot(dispatcher: Dispatcher, bad: tuple[float, int, bytes]) -> None:
    async with agents([bad], [OK]) as (offers, _):
        for _ in range(4):
            outcome = await dispatcher.call(Pool(offers), ASK)
            assert outcome.candidate.agent_id == 2
    assert dispatcher.health.of(1).breaker.failures > 0
    # A failure counts as slow as a time-out, however fast it came.
    assert dispatcher.health.of(1).latency.ms >= 300
    assert dispatcher.health.of(1).in_flight == 0


async def test_nobody_there_is_a_failure_too(dispatcher: Dispatcher) -> None:
    async with agents([OK]) as (offers, _):
        gone = replace(offers[0], agent_id=2, endpoint="http://127.0.0.1:1/")
        for _ in range(4):
            assert (await dispatcher.call(Pool([*offers, gone]), ASK)).candidate.agent_id == 1


async def test_an_answer_that_breaks_its_promise_is_none(dispatcher: Dispatcher) -> None:
    def check(candidate: Candidate, answer: Any) -> None:
        if candidate.agent_id == 1:
            raise EndpointFailed(reason="not what was promised")

    async with agents([OK], [OK]) as (offers, _):
        for _ in range(4):
            assert (await dispatcher.call(Pool(offers), replace(ASK, check=check))).candidate.agent_id == 2


async def test_when_all_fail_every_try_is_told(dispatcher: Dispatcher) -> None:
    async with agents([BROKEN], [BROKEN]) as (offers, _):
        with pytest.raises(CallFailed) as failed:
            await dispatcher.call(Pool(offers), ASK)
    assert 2 <= len(failed.value.attempts) <= 4
    assert {each.choice.agent_id for each in failed.value.attempts} == {1, 2}  # type: ignore[attr-defined]


async def test_the_deadline_holds(dispatcher: Dispatcher) -> None:
    async with agents([(5.0, 200, b"{}")], [(5.0, 200, b"{}")]) as (offers, _):
        began = asyncio.get_running_loop().time()
        with pytest.raises(CallFailed):
            await dispatcher.call(Pool(offers), replace(ASK, deadline_seconds=0.4, try_seconds=3.0))
        assert asyncio.get_running_loop().time() - began < 1.5


async def test_nobody_fits(dispatcher: Dispatcher) -> None:
    async with agents([OK]) as (offers, _):
        with pytest.raises(NoAgentFits):
            await dispatcher.call(Pool(offers), replace(ASK, wanted=Wanted("text.sort", min_quality=6)))
    with pytest.raises(NoAgentFits):
        await dispatcher.call(Pool([]), ASK)


async def test_an_agent_that_fails_is_left_out_and_probed(wire: Wire) -> None:
    told: list[tuple[int, Phase, Phase]] = []
    dispatcher = Dispatcher(Health(told=lambda *each: told.append(each)), wire, Random(1))
    async with agents([BROKEN] * 5 + [OK], [OK]) as (offers, scripted):
        alone, pool = Pool(offers[:1]), Pool(offers)
        while scripted[0].calls < 5:
            with pytest.raises(CallFailed):
                await dispatcher.call(alone, ASK)
        for _ in range(20):
            await dispatcher.call(pool, ASK)
        assert scripted[0].calls == 5
        await asyncio.sleep(1.05)
        for _ in range(5):
            await dispatcher.call(pool, ASK)
        assert scripted[0].calls >= 6
    assert told == [
        (1, Phase.CLOSED, Phase.OPEN),
        (1, Phase.OPEN, Phase.HALF_OPEN),
        (1, Phase.HALF_OPEN, Phase.CLOSED),
    ]


def test_at_most_three_of_ten_are_left_out() -> None:
    health = Health()
    for number in range(1, 7):
        for _ in range(8):
            health.began(number)
            health.ended(number, False, 300, pool_size=10)
    assert [health.is_ejected(number, 0.0) for number in range(1, 11)] == [True] * 3 + [False] * 7
    assert health.of(6).breaker.phase is Phase.CLOSED


async def test_a_slow_call_is_asked_of_another_and_the_loser_is_cancelled(dispatcher: Dispatcher) -> None:
    async with agents([OK] * 40 + [(1.0, 200, b'{"slow":1}')], [OK]) as (offers, scripted):
        pool, hedged = Pool(offers), replace(ASK, hedge=True, try_seconds=2.0)
        for _ in range(1_000):
            outcome = await dispatcher.call(pool, hedged)
            assert outcome.answer == {"ok": True}
            if len(outcome.attempts) == 2 and outcome.attempts[0].choice.agent_id == 1:
                break
        else:
            pytest.fail("no call was slow enough")
        loser = next(attempt for attempt in outcome.attempts if not attempt.hedge)
        assert loser.ok is None
        assert outcome.candidate.agent_id == 2
        assert dispatcher.health.of(1).in_flight == 0
        # Nobody is blamed for what nobody waited for.
        assert dispatcher.health.of(1).breaker.failures == 0
        assert scripted[0].ended == 40


async def test_without_leave_nobody_is_asked_twice(dispatcher: Dispatcher) -> None:
    async with agents([OK] * 30 + [(0.2, 200, b'{"ok":true}')]) as (offers, scripted):
        for _ in range(31):
            await dispatcher.call(Pool(offers), ASK)
        assert scripted[0].calls == 31


async def test_an_agent_takes_no_more_than_it_says(dispatcher: Dispatcher) -> None:
    async with agents([(0.2, 200, b"{}")]) as (offers, _):
        pool = Pool([replace(offers[0], max_concurrent=1)])
        first = asyncio.create_task(dispatcher.call(pool, ASK))
        await asyncio.sleep(0.05)
        with pytest.raises(NoAgentFits):
            await dispatcher.call(pool, ASK)
        await first


async def test_low_priority_is_shed_first(wire: Wire) -> None:
    dispatcher = Dispatcher(Health(), wire, Random(1), places=4)
    async with agents([(0.3, 200, b"{}")]) as (offers, _):
        pool = Pool(offers)
        running = [asyncio.create_task(dispatcher.call(pool, replace(ASK, try_seconds=2))) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(TooBusy):
            await dispatcher.call(pool, replace(ASK, priority="low"))
        await dispatcher.call(pool, replace(ASK, priority="high", try_seconds=2))
        await asyncio.gather(*running)


async def test_retries_end_where_everything_fails(dispatcher: Dispatcher) -> None:
    async with agents([BROKEN], [BROKEN], [BROKEN], [BROKEN]) as (offers, scripted):
        for _ in range(100):
            with pytest.raises((CallFailed, NoAgentFits)):
                await dispatcher.call(Pool(offers), ASK)
        asked = sum(each.calls for each in scripted)
    assert asked <= 100 + 50 + 20 + 4


async def test_each_choice_is_made_again_from_what_was_written_down(dispatcher: Dispatcher) -> None:
    async with agents([BROKEN, OK], [OK], [OK]) as (offers, _):
        for _ in range(10):
            outcome = await dispatcher.call(Pool(offers), ASK)
            for attempt in outcome.attempts:
                assert chosen(attempt.choice.considered, ASK.wanted.prefer) == attempt.choice
