"""Coming again under a new name: what it earns within 90 days beside staying.

Demand: as many jobs a day as give every agent 100 within 90 days. A tenth is given to anybody, all alike
(exploration); each other job looks at five agents and takes the best score. The agent is paid for every job, good or
not, and a new name costs nothing: both in the whitewasher's favour. Nobody is in more of a hurry to leave than who has
heard nothing good yet.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

import numpy as np

from app.reputation.scoring import NEWEST, Audit, Formula, Rating, newcomer, score
from app.reputation.scoring.course import Ended, Record, after, told, with_job
from app.reputation.scoring.evidence import Floats
from app.reputation.scoring.inference import LEAST_SILENCE
from app.reputation.scoring.likelihood import grid_of, likelihoods, prior_of
from bench.scoring.world import AGENTS, AUDITED, DAYS, JOBS, NOISE, world_of

EXPLORED = 0.1
LOOKED_AT = 5
QUALITIES = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)
MOST = 2_000


class Focal:
    """The agent that is watched: what honest buyers' jobs make of its score."""

    def __init__(self, formula: Formula = NEWEST) -> None:
        self.formula = formula
        self.grid = grid_of(formula.grid)
        self.anew = prior_of(self.grid, formula.stepped)
        self.table = np.exp(likelihoods(self.grid, LEAST_SILENCE, formula))[0]
        fresh = np.outer(np.array(formula.standing), prior_of(self.grid, formula.newcomer))
        self.new = Record(fresh[None], np.zeros(1))
        self.leave()

    def leave(self) -> None:
        """A new name."""
        self.record = self.new
        self.bad, self.since = 0, 0.0
        self.score = self.start = self.worth(self.new)

    def works(self, good: bool, says_good: bool, audited: bool, days: float) -> None:
        """A job of full weight ended, so many days after the last."""
        audit = (Audit.PASSED if good else Audit.FAILED) if audited else Audit.NONE
        category = (Rating.GOOD if says_good else Rating.BAD) * len(Audit) + audit
        ended = self.ended(category, good if audited else says_good, days)
        self.record = after(self.record, self.new.state, ended, self.anew, self.formula)
        self.bad += not says_good
        self.score = self.worth(self.record)

    def ended(self, category: int, went_well: bool, days: float) -> Ended:
        one = np.ones(1)
        return Ended(self.table[category][None], one, one, float(went_well) * one, days * one)

    def is_better_anew(self, ahead: int) -> bool:
        """Whether a new name would be worth more after so many jobs that go well."""
        praised = self.ended(Rating.GOOD * len(Audit), went_well=True, days=0.0)
        kept, anew = self.record, self.new
        for _ in range(ahead):
            kept, anew = (with_job(each, praised, praised.days, self.anew, self.formula) for each in (kept, anew))
        return self.worth(anew) > self.worth(kept)

    def worth(self, record: Record) -> float:
        return float(told(record.state.sum(axis=1), record.behind, self.formula)[0][0])


POLICIES: dict[str, Callable[[Focal, float], bool]] = {
    "stays": lambda _focal, _age: False,
    "below a newcomer": lambda focal, _age: focal.score < focal.start - 1e-9,
    "after a bad rating": lambda focal, _age: focal.bad > 0,
    "nothing good yet": lambda focal, _age: focal.bad > 0 and focal.record.behind[0] == 0,
    "better after a good job": lambda focal, _age: focal.is_better_anew(1),
    "after three good jobs": lambda focal, _age: focal.is_better_anew(3),
    "after three bad ratings": lambda focal, _age: focal.bad > 2,
    "every 10 days": lambda _focal, age: age >= 10,
    "every day": lambda _focal, age: age >= 1,
}


@cache
def others_of(seed: tuple[int, int], formula: Formula) -> Floats:
    """The scores of all others, lowest first: honest agents with a full record."""
    random = np.random.default_rng(seed)
    return np.sort(score(world_of(random, tampered=False).jobs.evidence(), formula).score)


def jobs_of(quality: float, policy: str, seed: tuple[int, int], formula: Formula = NEWEST) -> int:
    """How many jobs the agent gets within DAYS."""
    random, others = np.random.default_rng([*seed, 1]), others_of(seed, formula)
    focal, jobs, last = Focal(formula), 0, 0.0
    per_day = (AGENTS + 1) * JOBS / DAYS
    chance = chance_of(focal, others)
    for number, (kind, chosen, good, turned, audited) in enumerate(random.random((int(per_day * DAYS), 5)).tolist()):
        day = number / per_day
        if POLICIES[policy](focal, day - focal.since):
            focal.leave()
            focal.since = last = day
            chance = chance_of(focal, others)
        if chosen < (1 / (AGENTS + 1) if kind < EXPLORED else chance):
            jobs += 1
            is_good = good < quality
            focal.works(is_good, is_good != (turned < NOISE), audited < AUDITED, day - last)
            chance = chance_of(focal, others)
            last = day
            if jobs >= MOST:
                break
    return jobs


def chance_of(focal: Focal, others: Floats) -> float:
    """How likely a job is to find it among those that are looked at, and best of them."""
    below = np.searchsorted(others, focal.score) / AGENTS
    return float(LOOKED_AT / (AGENTS + 1) * below ** (LOOKED_AT - 1))


def both(quality: float, seed: tuple[int, int]) -> dict[str, int]:
    """Every policy in the same market with the same luck."""
    return {policy: jobs_of(quality, policy, seed) for policy in POLICIES}


def report(seed: int, runs: int, processes: int) -> bool:
    """Prints jobs by quality and policy; whether nobody gains by a new name and a good newcomer finds work."""
    print(f"\nA new name, {runs} markets each: jobs within {DAYS:.0f} days; newcomer's score {newcomer(NEWEST)[0]:.2f}")
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
        beginners = list(pool.map(partial(jobs_of, 0.7, "stays"), [(seed, run) for run in range(runs)]))
    found_work = float(np.mean(beginners))
    print(f"  a newcomer of quality 0.7 gets {found_work:.1f} jobs on average (goal 10), at worst {min(beginners)}")
    return held and found_work >= 10
