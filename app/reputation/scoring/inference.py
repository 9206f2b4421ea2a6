"""Who tells the truth: messages between agents and raters until both agree (belief propagation; Pearl 1988; for crowds
of raters: Karger, Oh and Shah 2011).

A pair is all that one rater said of one agent. What a rater is worth to an agent is judged by what he said of the
others, so that nobody vouches for himself; raters without others are judged as all who have as little behind them, and
what those are worth is learnt, audits first.
"""

from dataclasses import dataclass

import numpy as np

from app.reputation.scoring.evidence import CATEGORIES, Audit, Evidence, Floats, Ints, Rating
from app.reputation.scoring.formula import Formula
from app.reputation.scoring.likelihood import grid_of, likelihoods, prior_of

TINY = 1e-300
COHORTS = 12
LEAST_SILENCE, MOST_SILENCE = 0.001, 0.95
"""Silence is never quite impossible, and ratings never are."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of rater and agent in the order of agents; equal ones of raters who rated one agent only are one row,
    `times` over.

    For each rater `cohort_of` is the cohort of those who have as much behind them, and `many` how many he stands for.
    """

    agents: Ints
    raters: Ints
    times: Floats
    counts: Floats
    of_job: Ints
    cohorts: Ints
    cohort_of: Ints
    many: Floats


@dataclass(frozen=True)
class Judged:
    """For each job the chances that its rater is of each kind; for each agent the chances of its standings."""

    kinds: Floats
    standings: Floats
    silence: float


def judged(evidence: Evidence, formula: Formula) -> Judged:
    """What is to be thought of each job's rater and each agent's standing."""
    silence = usual_silence(evidence)
    grid = grid_of(formula.coarse)
    table = likelihoods(grid, silence, formula)
    kinds, _, standings, qualities = table.shape
    states = standings * qualities
    start = np.log(np.outer(np.array(formula.standing), prior_of(grid, formula.quality)).reshape(states))
    if len(evidence) == 0 or not formula.use_raters:
        certain = np.zeros((len(evidence), kinds))
        certain[:, 0] = 1
        alone = np.tile(np.array(formula.standing), (evidence.agent_count, 1))
        return Judged(certain, alone, silence)
    pairs = pairs_of(evidence, formula)
    flat = table.transpose(1, 0, 2, 3).reshape(CATEGORIES, kinds * states)
    chances = scaled(pairs.counts @ flat).reshape(-1, kinds, states)
    audits_only = pairs.counts.copy()
    audits_only[:, Audit.NONE :: len(Audit)] = 0
    first = scaled(audits_only @ flat).reshape(-1, kinds, states)
    mass = kind_mass(formula, kinds)
    prior = mass / mass.sum(axis=1, keepdims=True)
    others = prior[pairs.cohorts]
    believed, to_agent = beliefs(first, others, pairs, start, evidence.agent_count)
    said = np.zeros((len(pairs.agents), kinds))
    for _ in range(formula.rounds):
        said = messages(chances, believed, to_agent, pairs)
        others, prior = raters_seen(said, pairs, prior, mass)
        before = believed
        believed, to_agent = beliefs(chances, others, pairs, start, evidence.agent_count)
        if np.abs(believed - before).max() < formula.settled:
            break
    spread = believed.reshape(evidence.agent_count, standings, qualities).sum(axis=2)
    # Of several jobs of a pair each but the first is judged by the rest of the pair as well.
    jobs = pairs.counts.sum(axis=1, keepdims=True)
    within = normal(np.log(others + TINY) + said * np.maximum(0.0, 1 - 1 / np.maximum(jobs, TINY)))
    return Judged(within[pairs.of_job], spread, silence)


def usual_silence(evidence: Evidence) -> float:
    """The median over agents of the share of jobs that nobody rated: as much of it means nothing."""
    if len(evidence) == 0:
        return LEAST_SILENCE
    silent = np.bincount(evidence.agents, evidence.ratings == Rating.SILENT, evidence.agent_count)
    jobs = np.bincount(evidence.agents, minlength=evidence.agent_count)
    return float(np.clip(np.median(silent[jobs > 0] / jobs[jobs > 0]), LEAST_SILENCE, MOST_SILENCE))


def pairs_of(evidence: Evidence, formula: Formula) -> Pairs:
    """Rows of equal rater and agent put together."""
    weights = evidence.weights(formula)
    key = evidence.raters * evidence.agent_count + evidence.agents
    keys, of_job = np.unique(key, return_inverse=True)
    raters, agents = keys // evidence.agent_count, keys % evidence.agent_count
    cells = of_job * CATEGORIES + evidence.categories(formula)
    counts = np.bincount(cells, weights, len(keys) * CATEGORIES).reshape(-1, CATEGORIES)
    behind = np.bincount(evidence.raters, weights, evidence.rater_count)
    cohort = np.minimum(COHORTS - 1, np.log2(1 + behind)).astype(np.int64)
    alone = np.bincount(raters, minlength=evidence.rater_count)[raters] == 1
    # A row of a rater with one pair is equal to another's with the same agent, cohort and counts.
    told = np.column_stack([agents, np.where(alone, -1, raters), cohort[raters], counts])
    rows, first, merged, times = np.unique(told, axis=0, return_index=True, return_inverse=True, return_counts=True)
    numbers = np.where(alone, evidence.rater_count + np.arange(len(keys)), raters)[first]
    _, place, renumbered = np.unique(numbers, return_index=True, return_inverse=True)
    cohorts, often = rows[:, 2].astype(np.int64), times.astype(np.float64)
    return Pairs(
        agents=rows[:, 0].astype(np.int64),
        raters=renumbered.astype(np.int64),
        times=often,
        counts=rows[:, 3:],
        of_job=merged.reshape(-1)[of_job],
        cohorts=cohorts,
        cohort_of=cohorts[place],
        many=often[place],
    )


def kind_mass(formula: Formula, kinds: int) -> Floats:
    """As many raters of each kind are taken to have been seen already, [cohort][kind]."""
    mass = np.full((COHORTS, kinds), formula.liar_prior)
    known = formula.honest_prior
    mass[:, 0] = [known[min(cohort, len(known) - 1)] for cohort in range(COHORTS)]
    return mass


def beliefs(chances: Floats, others: Floats, pairs: Pairs, start: Floats, agent_count: int) -> tuple[Floats, Floats]:
    """For each agent the chances of its states, and for each pair what it said to that (logarithms)."""
    to_agent: Floats = np.log(np.einsum("pt,pts->ps", others, chances) + TINY)
    total = np.tile(start, (agent_count, 1))
    first = np.flatnonzero(np.diff(pairs.agents, prepend=-1))
    total[pairs.agents[first]] += np.add.reduceat(to_agent * pairs.times[:, None], first)
    return normal(total), to_agent


def messages(chances: Floats, believed: Floats, to_agent: Floats, pairs: Pairs) -> Floats:
    """For each pair how well each kind of rater explains it, by what all others say of the agent (logarithms)."""
    without = normal(np.log(believed + TINY)[pairs.agents] - to_agent)
    said: Floats = np.log(np.einsum("ps,pts->pt", without, chances) + TINY)
    best: Floats = said.max(axis=1, keepdims=True)
    return said - best


def raters_seen(said: Floats, pairs: Pairs, prior: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """For each pair what its rater is by what he said elsewhere, and what each cohort is (as a prior for its pairs)."""
    total = np.zeros((len(pairs.many), mass.shape[1]))
    np.add.at(total, pairs.raters, said)
    whole = normal(np.log(prior + TINY)[pairs.cohort_of] + total)
    counts = mass.copy()
    np.add.at(counts, pairs.cohort_of, whole * pairs.many[:, None])
    learnt = counts / counts.sum(axis=1, keepdims=True)
    others = normal(np.log(learnt + TINY)[pairs.cohorts] + total[pairs.raters] - said)
    return others, learnt


def scaled(logarithms: Floats) -> Floats:
    """Chances up to a factor for each row, the largest 1."""
    chances: Floats = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    return chances


def normal(logarithms: Floats) -> Floats:
    """Chances that add up to 1 in each row."""
    chances = scaled(logarithms)
    shares: Floats = chances / chances.sum(axis=1, keepdims=True)
    return shares
