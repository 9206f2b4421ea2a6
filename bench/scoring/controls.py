"""Scorers to compare with, each on what everybody sees: ratings that were given, values and who gave them."""

import numpy as np

from app.reputation.scoring import NEWEST, Evidence, Rating, score
from app.reputation.scoring.evidence import Floats

WILSON_Z = 1.96
DAMPING, ROUNDS = 0.15, 30


def counts(evidence: Evidence, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Good ratings and all ratings by agent, weighted if asked for."""
    given = (evidence.ratings != Rating.SILENT).astype(np.float64)
    share = given if weights is None else given * weights
    return by_agent(evidence, share * (evidence.ratings == Rating.GOOD)), by_agent(evidence, share)


def by_agent(evidence: Evidence, amounts: Floats) -> Floats:
    """The sum over each agent's jobs."""
    return np.bincount(evidence.agents, amounts, evidence.agent_count).astype(np.float64)


def mean(evidence: Evidence) -> Floats:
    """The share of good ratings; one half without any."""
    good, total = counts(evidence)
    share: Floats = np.where(total > 0, good / np.maximum(total, 1), 0.5)
    return share


def beta(evidence: Evidence) -> Floats:
    """The mean of Beta(3, 3) after all ratings (Jøsang and Ismail 2002)."""
    good, total = counts(evidence)
    share: Floats = (good + 3) / (total + 6)
    return share


def wilson(evidence: Evidence) -> Floats:
    """The lower end of Wilson's 95% interval (1927)."""
    good, total = counts(evidence)
    count = np.maximum(total, 1e-9)
    share = good / count
    middle = share + WILSON_Z**2 / (2 * count)
    spread = WILSON_Z * np.sqrt(share * (1 - share) / count + WILSON_Z**2 / (4 * count**2))
    lower: Floats = (middle - spread) / (1 + WILSON_Z**2 / count)
    return lower


def value_weighted(evidence: Evidence) -> Floats:
    """Beta(3, 3) after ratings that weigh as much as they cost, the mean price weighing 1."""
    good, total = counts(evidence, evidence.values / evidence.values.mean())
    share: Floats = (good + 3) / (total + 6)
    return share


def eigentrust(evidence: Evidence) -> Floats:
    """EigenTrust (Kamvar, Schlosser and Garcia-Molina 2003) between raters and agents: trust flows from a rater to the
    agents that he rates well, and back to those who do so; a share of it always starts from all alike. Agents are
    compared by trust for each job."""
    signed = np.where(evidence.ratings == Rating.GOOD, 1.0, 0.0)
    raters = evidence.rater_count
    out = np.bincount(evidence.raters, signed, raters)[evidence.raters]
    into = np.bincount(evidence.agents, signed, evidence.agent_count)[evidence.agents]
    trust = np.full(raters, 1 / raters)
    agents = np.zeros(evidence.agent_count)
    for _ in range(ROUNDS):
        agents = by_agent(evidence, signed * trust[evidence.raters] / np.maximum(out, 1))
        back = np.bincount(evidence.raters, signed * agents[evidence.agents] / np.maximum(into, 1), raters)
        trust = DAMPING / raters + (1 - DAMPING) * back / max(back.sum(), 1e-12)
    jobs = by_agent(evidence, trust[evidence.raters] / np.maximum(out, 1))
    share: Floats = np.where(jobs > 0, agents / np.maximum(jobs, 1e-12), 0.5)
    return share


def guildhall(evidence: Evidence) -> Floats:
    """The scorer on trial."""
    return score(evidence, NEWEST).score


CONTROLS = {
    "mean": mean,
    "Beta": beta,
    "Wilson": wilson,
    "EigenTrust": eigentrust,
    "value-weighted": value_weighted,
}
