"""The market that scores are tried on: agents of known quality, honest buyers, and what the oracle knows.

200 agents, 140 honest and 60 attackers, all of quality ~ Beta(3, 3); each honest agent has 100 finished jobs from 400
honest buyers within 90 days, values log-normal with median 5 USDC and sigma 1; a rating is turned with probability 0.1;
5% of all jobs are done again in place.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from app.reputation.scoring import Audit, Evidence, Rating
from app.reputation.scoring.evidence import Floats, Ints

AGENTS, ATTACKERS, BUYERS, JOBS = 200, 60, 400, 100
NOISE, AUDITED, RECOGNISED = 0.1, 0.05, 0.3
DAYS = 90.0
USDC = 1_000_000
WORST, BEST = 30, 70
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Jobs:
    """Columns, one row a job; `honest` says that an honest buyer ordered it."""

    agents: Ints
    raters: Ints
    values: Ints
    days: Floats
    good: Ints
    ratings: Ints
    audited: Ints
    honest: Ints

    def __len__(self) -> int:
        return len(self.agents)

    def with_(self, other: "Jobs") -> "Jobs":
        """Both, one after the other."""
        return Jobs(*(np.concatenate([getattr(self, each.name), getattr(other, each.name)]) for each in fields(self)))

    def where(self, kept: Bools) -> "Jobs":
        """Those rows alone."""
        return Jobs(*(getattr(self, each.name)[kept] for each in fields(self)))

    def numbered(self) -> "Jobs":
        """The same with raters numbered without gaps."""
        _, raters = np.unique(self.raters, return_inverse=True)
        return replace(self, raters=raters.astype(np.int64))

    def evidence(self) -> Evidence:
        """What a scorer sees."""
        found = np.where(self.good == 1, Audit.PASSED, Audit.FAILED)
        audits = np.where(self.audited == 1, found, Audit.NONE).astype(np.int64)
        return Evidence(self.agents, self.raters, self.values, self.ratings, audits, self.days, AGENTS)


@dataclass(frozen=True)
class World:
    """`quality` by agent; the last ATTACKERS agents are the attackers."""

    quality: Floats
    jobs: Jobs

    @property
    def attackers(self) -> Ints:
        return np.arange(AGENTS - ATTACKERS, AGENTS)

    @property
    def worst(self) -> Ints:
        """The WORST attackers with the lowest quality: whom self-promotion goes to."""
        order: Ints = self.attackers[np.argsort(self.quality[self.attackers])]
        return order[:WORST]

    @property
    def best(self) -> Ints:
        """The BEST honest agents with the highest quality: whom slander goes to."""
        honest = np.arange(AGENTS - ATTACKERS)
        return honest[np.argsort(-self.quality[honest])][:BEST]

    @property
    def volume(self) -> float:
        """Gross volume of the honest agents' jobs: V, in base units."""
        return float(self.jobs.values[self.jobs.agents < AGENTS - ATTACKERS].sum())

    def oracle(self) -> Floats:
        """The Beta(3, 3) mean of the true outcomes of honest buyers' jobs."""
        honest = self.jobs.honest == 1
        good = np.bincount(self.jobs.agents[honest], self.jobs.good[honest], AGENTS)
        total = np.bincount(self.jobs.agents[honest], minlength=AGENTS)
        mean: Floats = (good + 3) / (total + 6)
        return mean


def world_of(random: np.random.Generator, attackers_jobs: int = JOBS, *, tampered: bool = True) -> World:
    """A market; where `tampered`, attackers deliver well whenever they recognise an audit."""
    quality = random.beta(3, 3, AGENTS)
    per_agent = np.where(np.arange(AGENTS) < AGENTS - ATTACKERS, JOBS, attackers_jobs)
    agents = np.repeat(np.arange(AGENTS), per_agent)
    tampering = agents >= AGENTS - ATTACKERS if tampered else None
    return World(quality, honest_jobs(random, agents, quality[agents], tampering=tampering))


def honest_jobs(
    random: np.random.Generator,
    agents: Ints,
    quality: Floats,
    *,
    days: Floats | None = None,
    tampering: Bools | None = None,
) -> Jobs:
    """Honest buyers' jobs of these agents at these qualities, one row each, at any time unless `days` says when; where
    `tampering`, the agent delivers well if it recognises an audit."""
    count = len(agents)
    raters = random.integers(0, BUYERS, count)
    audited = (random.random(count) < AUDITED).astype(np.int64)
    good = (random.random(count) < quality).astype(np.int64)
    if tampering is not None:
        good[(audited == 1) & tampering & (random.random(count) < RECOGNISED)] = 1
    return Jobs(
        agents=agents,
        raters=raters,
        values=values_of(random, count),
        days=random.random(count) * DAYS if days is None else days,
        good=good,
        ratings=truthful(random, good),
        audited=audited,
        honest=np.ones(count, dtype=np.int64),
    )


def values_of(random: np.random.Generator, count: int) -> Ints:
    """Prices as the honest market has them, in base units."""
    prices: Ints = np.maximum(1, random.lognormal(np.log(5 * USDC), 1, count)).astype(np.int64)
    return prices


def truthful(random: np.random.Generator, good: Ints) -> Ints:
    """Honest ratings of these outcomes."""
    turned = random.random(len(good)) < NOISE
    ratings: Ints = np.where(turned, 1 - good, good)
    return ratings


def silenced(random: np.random.Generator, world: World) -> World:
    """Retaliation: of bad ratings of attackers half are never given, and a fifth are turned."""
    jobs = world.jobs
    bad = (jobs.agents >= AGENTS - ATTACKERS) & (jobs.ratings == Rating.BAD) & (jobs.honest == 1)
    chance = random.random(len(jobs))
    ratings = jobs.ratings.copy()
    ratings[bad & (chance < 0.5)] = Rating.SILENT
    ratings[bad & (chance >= 0.5) & (chance < 0.7)] = Rating.GOOD
    return replace(world, jobs=replace(jobs, ratings=ratings))
