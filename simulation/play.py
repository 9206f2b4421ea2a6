"""A play from beginning to end: everybody enters, waves of tasks are seen through, the clock is moved where only that
helps, and the books are looked at."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from audit.check import Audit
from simulation.buyer import JUMP_SECONDS
from simulation.calling import call_around
from simulation.counting import Meter
from simulation.journal import Journal, Record
from simulation.people import Population, TaskPlan
from simulation.stage import Stage, set_up
from simulation.world import World

PLAY_SECONDS = 400.0
"""What a wave is given; what has not ended by then is a failure."""
TICK_SECONDS = 0.5
BETWEEN_JUMPS_SECONDS = 8.0
JUDGED_SECONDS = 12.0
"""The time in which the worker has scored what is final."""


class WorldEnded(Exception):
    """A process of the network ended by itself."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(f"{', '.join(names)} ended in the middle of the play")


@dataclass(frozen=True)
class Pace:
    """How long auctions take in seconds of the database's clock, and how many calls a wave brings for each buyer."""

    auction_seconds: int = 4
    calls_a_buyer: int = 1


@dataclass(frozen=True)
class Play:
    """What came of it. Seconds are wall-clock; `scores` by agent number are millionths, with the jobs they rest on."""

    population: Population
    journal: Journal
    meter: Meter
    seconds: float
    trading_seconds: float
    trading_calls: int
    scores: dict[int, tuple[int, int]]
    audit: Audit


async def perform(world: World, population: Population, said: Callable[[str], None], pace: Pace) -> Play:
    """All of it. Raises WorldEnded; ends by itself, since each wave does."""
    began = time.monotonic()
    async with set_up(world, population, pace.auction_seconds) as stage:
        said(f"{len(stage.agents)} agents register, {len(stage.buyers)} buyers get money")
        await asyncio.to_thread(world.fund, [buyer.client.address for buyer in stage.buyers])
        await stage.enter()
        said(f"all have entered after {time.monotonic() - began:.0f} s")
        stage.acts.start(stage.board.watch())
        trading, before = time.monotonic(), len(stage.meter.seconds)
        for wave in population.waves:
            await see_wave_through(world, stage, wave, pace)
            said(told_of_wave(stage.journal.of_wave(wave[0].wave), wave[0].wave, time.monotonic() - began))
        trading_seconds, calls = time.monotonic() - trading, len(stage.meter.seconds) - before
        await asyncio.sleep(JUDGED_SECONDS)
        scores = await stage.scores()
        said("the ledger: chain against database")
        books = await asyncio.to_thread(world.audit)
        seconds = time.monotonic() - began
        return Play(population, stage.journal, stage.meter, seconds, trading_seconds, calls, scores, books)


async def see_wave_through(world: World, stage: Stage, wave: list[TaskPlan], pace: Pace) -> None:
    """Until every task of it has ended, or PLAY_SECONDS; moves the clock whenever all that is left waits for it."""
    buyers, dice = {buyer.nature.number: buyer for buyer in stage.buyers}, Random(wave[0].number)  # noqa: S311  # a trial
    running = {stage.acts.start(buyers[plan.buyer].see_through(plan)): plan for plan in wave}
    trades = sorted({plan.trade for plan in wave})
    callers = stage.acts.start(call_around(stage.buyers, trades, pace.calls_a_buyer * len(stage.buyers), dice))
    stop_at, jumped_at = time.monotonic() + PLAY_SECONDS, 0.0
    while waiting := [task for task in (*running, callers) if not task.done()]:
        await asyncio.sleep(TICK_SECONDS)
        stage.acts.raise_error()
        if ended := world.ended():
            raise WorldEnded(ended)
        now = time.monotonic()
        if now > stop_at:
            await give_up(stage, [plan for task, plan in running.items() if not task.done()])
            await stage.acts.stop(set(waiting))
        elif now - jumped_at > BETWEEN_JUMPS_SECONDS and only_time_helps(stage.journal.of_wave(wave[0].wave)):
            jumped_at = now
            stage.journal.jumps += 1
            await asyncio.to_thread(world.jump, JUMP_SECONDS)


def only_time_helps(records: list[Record]) -> bool:
    """Whether whatever is left to do waits for the chain's clock, and something does."""
    left = [record for record in records if not record.done]
    return bool(left) and all(record.buyer_waits or record.agent_waits for record in left)


async def give_up(stage: Stage, plans: list[TaskPlan]) -> None:
    for plan in plans:
        records = [each for each in stage.journal.records.values() if each.plan.number == plan.number]
        states = [record.task.state for record in records if record.task]
        stage.journal.failures.append(f"task {plan.number} ({plan.way}) did not end in time, it is {states}")


def told_of_wave(records: list[Record], number: int, seconds: float) -> str:
    ends = [record.task.state for record in records if record.task is not None]
    counted = ", ".join(f"{ends.count(state)} {state}" for state in sorted(set(ends)))
    return f"{seconds:6.0f} s  wave {number + 1}: {counted}"
