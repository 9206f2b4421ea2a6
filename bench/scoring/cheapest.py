"""The cheapest way to a score that is 0.1 higher: how many bought ratings it takes, and what they cost."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from app.reputation.scoring import NEWEST, Evidence
from app.reputation.scoring.evidence import Floats
from bench.scoring.attacks import IDENTITIES, Lie, joined, told
from bench.scoring.controls import beta, guildhall
from bench.scoring.world import USDC, World, honest_jobs, world_of

HISTORIES = (5, 20, 100, 300)
COALITIONS = (1, 10, 30)
BOUGHT = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
QUALITY = 0.4
RISE = 0.1
FEE_BPS = 100
SEEDS = 3


@dataclass(frozen=True)
class Question:
    """Agents of QUALITY with so many honest jobs each, so many of them together, buying in one way."""

    history: int
    coalition: int
    variant: str


def market(random: np.random.Generator, history: int) -> World:
    """A market in which the attackers have a stated quality and history."""
    world = world_of(random, 0)
    quality = world.quality.copy()
    quality[world.attackers] = QUALITY
    agents = np.repeat(world.attackers, history)
    own = honest_jobs(random, agents, quality[agents])
    return replace(world, quality=quality, jobs=world.jobs.with_(own))


def needed(scorer: Callable[[Evidence], Floats], question: Question, seed: int) -> int | None:
    """The least number of BOUGHT ratings an agent that lifts the mean score of the coalition by RISE; None if none."""
    random = np.random.default_rng([seed, question.history])
    world = market(random, question.history)
    buyers = world.attackers[: question.coalition]
    before = scores_before(scorer, question.history, seed)[buyers].mean()
    for each in BOUGHT:
        lies = told(random, world, each * question.coalition, NEWEST.cap, Lie(buyers, 1, True))
        after = joined(random, world, [lies], IDENTITIES[question.variant])
        if scorer(after.jobs.evidence())[buyers].mean() >= before + RISE:
            return each
    return None


@cache
def scores_before(scorer: Callable[[Evidence], Floats], history: int, seed: int) -> Floats:
    """Everybody's scores in the market that ratings are bought in."""
    return scorer(market(np.random.default_rng([seed, history]), history).jobs.evidence())


def answer(seed: int, question: Question) -> tuple[float, float]:
    """Bought ratings an agent under the scorer and under the Beta control, means over SEEDS; more than BOUGHT counts as
    twice its most."""
    most = 2 * BOUGHT[-1]
    ours = [needed(guildhall, question, seed + run) or most for run in range(SEEDS)]
    control = [needed(beta, question, seed + run) or most for run in range(SEEDS)]
    return float(np.mean(ours)), float(np.mean(control))


def report(seed: int, processes: int) -> bool:
    """Prints the table; whether every way costs at least twice what it costs under the control."""
    print(
        f"\nThe cheapest +{RISE} for agents of quality {QUALITY}: ratings to be bought an agent (Beta control beside),"
    )
    print(f"at {NEWEST.cap / USDC:.0f} USDC each; {FEE_BPS / 100:.0f}% is fees, the rest comes back, locked meanwhile")
    questions = [Question(jobs, size, variant) for jobs in HISTORIES for size in COALITIONS for variant in IDENTITIES]
    held = True
    with ProcessPoolExecutor(processes) as pool:
        for question, (ours, control) in zip(questions, pool.map(partial(answer, seed), questions), strict=True):
            more = ">" if ours >= 2 * BOUGHT[-1] else ""
            held &= ours >= 2 * control
            volume = ours * NEWEST.cap / USDC
            fees = volume * FEE_BPS / 10_000
            print(
                f"  {question.history:3} jobs, {question.coalition:2} together, {question.variant:15}"
                f" {more}{ours:7.0f} ({control:5.0f}): x{ours / control:.1f},"
                f" volume {volume:,.0f} USDC, fees {fees:.2f} USDC{'' if ours >= 2 * control else '  MISSED'}",
                flush=True,
            )
    return held
