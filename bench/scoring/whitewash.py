"""Coming again under a new name: what it earns within 90 days beside staying.

Demand: as many jobs a day as give every agent 100 within 90 days. A tenth is given to anybody, all alike
(exploration); each other job looks at five agents and takes the best score. The agent is paid for every job, good or
not, and a new name costs nothing: both in the whitewasher's favour.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

import numpy as np

from app.reputation.scoring import NEWEST, score
from app.reputation.scoring.course import moved
from app.reputation.scoring.evidence import CATEGORIES, Audit, Floats, Rating
from app.reputation.scoring.likelihood import Standing, grid_of, likelihoods, prior_of
from bench.scoring.world import AGENTS, AUDITED, DAYS, JOBS, NOISE, world_of

EXPLORED = 0.1
LOOKED_AT = 5
QUALITIES = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)
MOST = 2_000


class Focal:
    """The agent that is watched: what honest buyers' jobs make of its score."""

    def __init__(self) -> None:
        self.grid = grid_of(NEWEST.grid)
        self.anew = prior_of(self.grid, NEWEST.stepped)
        self.table = np.exp(likelihoods(self.grid, 0.001, NEWEST))[0]
        self.leave()

    def leave(self) -> None:
        """A new name."""
        self.state: Floats = np.outer(np.array(NEWEST.standing), prior_of(self.grid, NEWEST.newcomer))
        self.bad, self.since = 0, 0.0

    def works(self, good: bool, says_good: bool, audited: bool, days: float) -> None:
        """A job of full weight ended, so many days after the last."""
        audit = (Audit.PASSED if good else Audit.FAILED) if audited else Audit.NONE
        category = (Rating.GOOD if says_good else Rating.BAD) * len(Audit) + audit
        assert category < CATEGORIES
        assert self.state.shape[0] == len(Standing)
        current = moved(self.state[None], self.anew, np.ones(1), np.full(1, days), NEWEST)[0]
        current = current * self.table[category]
        self.state = current / current.sum()
        self.bad += not says_good

    @property
    def score(self) -> float:
        return float(self.state.sum(axis=0) @ self.grid)


NEWCOMER = Focal().score
POLICIES: dict[str, Callable[[Focal, float], bool]] = {
    "stays": lambda _focal, _age: False,
    "below a newcomer": lambda focal, _age: focal.score < NEWCOMER - 1e-9,
    "after a bad rating": lambda focal, _age: focal.bad > 0,
    "after three bad ratings": lambda focal, _age: focal.bad > 2,
    "every 10 days": lambda _focal, age: age >= 10,
    "every day": lambda _focal, age: age >= 1,
}


@cache
def others_of(seed: tuple[int, int]) -> Floats:
    """The scores of all others, lowest first: honest agents with a full record."""
    random = np.random.default_rng(seed)
    return np.sort(score(world_of(random, tampered=False).jobs.evidence(), NEWEST).score)


def jobs_of(quality: float, policy: str, seed: tuple[int, int]) -> int:
    """How many jobs the agent gets within DAYS."""
    random, others = np.random.default_rng([*seed, 1]), others_of(seed)
    focal, jobs, last = Focal(), 0, 0.0
    per_day = (AGENTS + 1) * JOBS / DAYS
    chances = random.random((int(per_day * DAYS), 5))
    for number, (kind, chosen, good, turned, audited) in enumerate(chances):
        day = number / per_day
        if POLICIES[policy](focal, day - focal.since):
            focal.leave()
            focal.since = last = day
        if kind < EXPLORED:
            is_given = chosen < 1 / (AGENTS + 1)
        else:
            below = np.searchsorted(others, focal.score) / AGENTS
            is_given = chosen < LOOKED_AT / (AGENTS + 1) * below ** (LOOKED_AT - 1)
        if is_given:
            jobs += 1
            is_good = good < quality
            focal.works(is_good, is_good != (turned < NOISE), audited < AUDITED, day - last)
            last = day
            if jobs >= MOST:
                break
    return jobs


def both(quality: float, seed: tuple[int, int]) -> dict[str, int]:
    """Every policy in the same market with the same luck."""
    return {policy: jobs_of(quality, policy, seed) for policy in POLICIES}


def report(seed: int, runs: int, processes: int) -> bool:
    """Prints jobs by quality and policy; whether nobody gains by a new name and a good newcomer finds work."""
    print(f"\nA new name, {runs} markets each: jobs within {DAYS:.0f} days; newcomer's score {NEWCOMER:.2f}")
    print(f"{'quality':>8}", *POLICIES, sep="  ")
    held = True
    with ProcessPoolExecutor(processes) as pool:
        for quality in QUALITIES:
            found = list(pool.map(partial(both, quality), [(seed, run) for run in range(runs)]))
            stays = np.array([each["stays"] for each in found], dtype=np.float64)
            cells = []
            for policy in POLICIES:
                gain = np.array([each[policy] for each in found]) - stays
                error = gain.std(ddof=1) / runs**0.5
                gains = gain.mean() > 1.7 * error and gain.mean() > 0
                held &= not gains
                cells.append(f"{stays.mean() + gain.mean():>{len(policy)}.1f}{'!' if gains else ' '}")
            print(f"{quality:8.2f}", *cells, sep="  ", flush=True)
        newcomer = list(pool.map(partial(jobs_of, 0.7, "stays"), [(seed, run) for run in range(runs)]))
    print(
        f"  a newcomer of quality 0.7 gets {np.mean(newcomer):.1f} jobs on average (goal 10), at worst {min(newcomer)}"
    )
    return held and float(np.mean(newcomer)) >= 10
