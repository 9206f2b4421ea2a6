"""The moving target: an agent whose quality steps after 80 jobs, in a market of others that stay as they are."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from app.reputation.scoring import NEWEST, score
from bench.scoring.attacks import IDENTITIES, identified
from bench.scoring.world import DAYS, JOBS, RECOGNISED, World, honest_jobs, world_of

STEPPING = 20
"""Agents of one market that step at once, the first of it."""
BEFORE, AFTER = 80, 20
LOOKS = range(2, AFTER + 1, 2)


@dataclass(frozen=True)
class Step:
    """From one quality to another; `wash` names identities that put a false rating beside each job, if any do."""

    before: float
    after: float
    wash: str | None = None


def crossed(step: Step, seed: tuple[int, int]) -> list[int | None]:
    """For each stepping agent after how many jobs its score was first across the middle; None if never."""
    random = np.random.default_rng(seed)
    world = world_of(random)
    market = stepped(random, world, step)
    middle, first = (step.before + step.after) / 2, [None] * STEPPING
    found: list[int | None] = list(first)
    for look in LOOKS:
        day = DAYS * (BEFORE + look) / JOBS
        scores = score(market.jobs.where(market.jobs.days <= day).evidence(), NEWEST, day).score[:STEPPING]
        for agent in range(STEPPING):
            is_across = scores[agent] < middle if step.after < step.before else scores[agent] > middle
            if found[agent] is None and is_across:
                found[agent] = look
    return found


def stepped(random: np.random.Generator, world: World, step: Step) -> World:
    """The market with the first agents' jobs made anew, evenly in time, and false ratings beside them."""
    agents = np.repeat(np.arange(STEPPING), JOBS)
    place = np.tile(np.arange(JOBS), STEPPING)
    quality = np.where(place < BEFORE, step.before, step.after)
    days = DAYS * (place + 1) / JOBS
    others = world.jobs.where(world.jobs.agents >= STEPPING)
    jobs = others.with_(honest_jobs(random, agents, quality, days=days))
    if step.wash is not None:
        false = honest_jobs(random, agents, quality, days=days)
        known = (false.audited == 1) & (random.random(len(agents)) < RECOGNISED)
        lie = np.full(len(agents), 1 if step.after < step.before else 0)
        ratings = np.where(known & (lie == 0), false.ratings, lie)
        good = np.where(known & (lie == 1), 1, false.good)
        false = replace(false, ratings=ratings, good=good, honest=np.zeros_like(lie))
        jobs = jobs.with_(identified(random, false, IDENTITIES[step.wash]))
    return replace(world, jobs=jobs.numbered())


STEPS = (Step(0.9, 0.1), Step(0.1, 0.9))
SMALLER = (Step(0.8, 0.3), Step(0.3, 0.8), Step(0.7, 0.4), Step(0.4, 0.7))
GOAL = 0.9


def report(seed: int, runs: int, processes: int) -> bool:
    """Prints how many of the runs crossed within AFTER jobs, and how soon; whether the large steps reach the goal."""
    print(f"\nSteps after {BEFORE} jobs, {runs} runs each: across the middle within {AFTER} honest jobs")
    held = True
    washed = [replace(step, wash=variant) for step in STEPS for variant in IDENTITIES]
    for step in (*STEPS, *washed, *SMALLER):
        with ProcessPoolExecutor(processes) as pool:
            parts = pool.map(partial(crossed, step), [(seed, run) for run in range(runs // STEPPING)])
            found = [each for part in parts for each in part]
        share = sum(each is not None for each in found) / len(found)
        asked = step not in SMALLER
        held &= share >= GOAL or not asked
        beside = f", a false rating beside each, {step.wash}" if step.wash else ""
        goal = f" (goal {GOAL:.0%}){'' if share >= GOAL else '  MISSED'}" if asked else ""
        print(
            f"  {step.before} to {step.after}{beside}: {share:.1%}{goal}; half of them by job {half(found)}", flush=True
        )
    return held


def half(found: Sequence[int | None]) -> int | str:
    """By which job half of all had crossed."""
    ordered = sorted(AFTER + 1 if each is None else each for each in found)
    middle = ordered[len(ordered) // 2]
    return middle if middle <= AFTER else "none"
