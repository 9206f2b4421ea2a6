"""What attackers add to a market. They know the formula: a lie costs what a whole weight costs, and not more.

Budgets are shares of V, the honest agents' gross volume. Each attack comes in three variants of identities: one a job,
one for five jobs, and 170 for all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from app.reputation.scoring.evidence import Floats, Ints
from bench.scoring.world import AGENTS, AUDITED, DAYS, RECOGNISED, USDC, Jobs, World, silenced, truthful

IDENTITIES = {"one a job": 1, "five jobs each": 5, "170 in all": 0}
FIRST = 1_000_000
"""Attackers' identities are numbered from here, apart from buyers."""
DUST = USDC // 100
SHADE = 0.3


@dataclass(frozen=True)
class Attack:
    """`floor` is the least that the 95% bound of r / r_oracle may be; None where it is only printed."""

    name: str
    floor: float | None
    make: Callable[[np.random.Generator, World, int, int], World]
    variants: bool = True


@dataclass(frozen=True)
class Lie:
    """Jobs at `targets` whose rating is `says`, None for shaded truth."""

    targets: Ints
    says: int | None
    praise: bool


def attack_jobs(random: np.random.Generator, world: World, count: int, targets: Ints) -> tuple[Ints, Ints, Ints]:
    """Agents, outcomes as they are, and which of them are done again."""
    agents = targets[random.integers(0, len(targets), count)]
    good = (random.random(count) < world.quality[agents]).astype(np.int64)
    audited = (random.random(count) < AUDITED).astype(np.int64)
    return agents, good, audited


def told(random: np.random.Generator, world: World, count: int, value: int, lie: Lie) -> Jobs:
    """So many jobs that tell one lie; an audit that is recognised finds good work, or a rater who tells the truth."""
    agents, good, audited = attack_jobs(random, world, count, lie.targets)
    known = (audited == 1) & (random.random(count) < RECOGNISED)
    if lie.praise:
        good[known] = 1
    if lie.says is None:
        higher: Floats = np.minimum(1.0, world.quality[agents] + SHADE)
        ratings = truthful(random, (random.random(count) < higher).astype(np.int64))
    else:
        ratings = np.full(count, lie.says, dtype=np.int64)
    if not lie.praise:
        ratings = np.where(known, truthful(random, good), ratings)
    return rows(random, agents, good, ratings, audited, value)


def rows(random: np.random.Generator, agents: Ints, good: Ints, ratings: Ints, audited: Ints, value: int) -> Jobs:
    count = len(agents)
    days, none = random.random(count) * DAYS, np.zeros(count, dtype=np.int64)
    return Jobs(agents, none, np.full(count, value, dtype=np.int64), days, good, ratings, audited, none)


def identified(random: np.random.Generator, jobs: Jobs, per_identity: int) -> Jobs:
    """The jobs dealt out among identities: so many each, or 170 in all."""
    count = len(jobs)
    order = random.permutation(count)
    numbers = order // per_identity if per_identity else random.integers(0, 170, count)
    return replace(jobs, raters=FIRST + numbers)


def joined(random: np.random.Generator, world: World, parts: list[Jobs], per_identity: int) -> World:
    """The market with the attack in it, raters numbered without gaps."""
    attack = parts[0]
    for part in parts[1:]:
        attack = attack.with_(part)
    return replace(world, jobs=world.jobs.with_(identified(random, attack, per_identity)).numbered())


def nothing(_random: np.random.Generator, world: World, _per_identity: int, _value: int) -> World:
    return world


def dust(random: np.random.Generator, world: World, per_identity: int, _value: int) -> World:
    """Praise for the worst attackers and slander of the best in equal parts, a cent each."""
    count = int(0.003 * world.volume / DUST) // 2
    praise = told(random, world, count, DUST, Lie(world.worst, 1, True))
    return joined(random, world, [praise, told(random, world, count, DUST, Lie(world.best, 0, False))], per_identity)


def wash(share: float) -> Callable[[np.random.Generator, World, int, int], World]:
    def make(random: np.random.Generator, world: World, per_identity: int, value: int) -> World:
        count = int(share * world.volume / value)
        return joined(random, world, [told(random, world, count, value, Lie(world.worst, 1, True))], per_identity)

    return make


def slander(share: float) -> Callable[[np.random.Generator, World, int, int], World]:
    def make(random: np.random.Generator, world: World, per_identity: int, value: int) -> World:
        count = int(share * world.volume / value)
        return joined(random, world, [told(random, world, count, value, Lie(world.best, 0, False))], per_identity)

    return make


def truths(random: np.random.Generator, world: World, count: int, value: int) -> Jobs:
    """Honest ratings of agents drawn from all."""
    agents, good, audited = attack_jobs(random, world, count, np.arange(AGENTS))
    return rows(random, agents, good, truthful(random, good), audited, value)


def camouflage(shaded: bool) -> Callable[[np.random.Generator, World, int, int], World]:
    """Half the budget tells the truth about anybody; the other half lies: fixed, praise and slander in equal parts, or
    shaded, about the worst attackers."""

    def make(random: np.random.Generator, world: World, per_identity: int, value: int) -> World:
        half = int(0.6 * world.volume / value) // 2
        parts = [truths(random, world, half, value)]
        if shaded:
            parts.append(told(random, world, half, value, Lie(world.worst, None, True)))
        else:
            parts.append(told(random, world, half // 2, value, Lie(world.worst, 1, True)))
            parts.append(told(random, world, half // 2, value, Lie(world.best, 0, False)))
        return joined(random, world, parts, per_identity)

    return make


def retaliation(random: np.random.Generator, world: World, _per_identity: int, _value: int) -> World:
    return silenced(random, world)


ATTACKS = (
    Attack("none", 0.97, nothing, variants=False),
    Attack("dust 0.3%", 0.96, dust),
    Attack("wash 30%", 0.96, wash(0.3)),
    Attack("wash 100%", 0.96, wash(1.0)),
    Attack("bad-mouthing 30%", 0.96, slander(0.3)),
    Attack("camouflage 60%, fixed", 0.96, camouflage(shaded=False)),
    Attack("camouflage 60%, shaded", 0.92, camouflage(shaded=True)),
    Attack("retaliation", 0.92, retaliation, variants=False),
    Attack("bad-mouthing 100%", None, slander(1.0)),
)
