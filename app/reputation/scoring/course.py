"""How good an agent is now: its jobs in the order of their ends, through a filter that expects steps.

The state is a distribution over quality for each standing. It begins low, and what it says above a new name's worth
counts only as far as trusted work has gone well: after a bad start an agent is where newcomers are, its first good job
counts as a newcomer's, and from then on a new name costs what the old one has proven (Friedman and Resnick 2001:
newcomers pay dues). Before each job a
little of the state is spread out anew (the agent may have become another), so that what is long ago says less, and a
sudden change is found within a few jobs (Adams and MacKay 2007, with a constant hazard). Only trusted jobs move this
clock: who could make others forget by fake jobs would.
"""

from dataclasses import dataclass

import numpy as np

from app.reputation.scoring.evidence import Evidence, Floats, Ints
from app.reputation.scoring.formula import Formula
from app.reputation.scoring.inference import Judged
from app.reputation.scoring.likelihood import grid_of, likelihoods, prior_of

LEAST_PROOF = 1e-9
"""Against a division by nothing, where a formula asks for no proof."""


def course(evidence: Evidence, seen: Judged, formula: Formula, until: float) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each agent's quality on the day `until`."""
    grid = grid_of(formula.grid)
    newcomer, anew = prior_of(grid, formula.newcomer), prior_of(grid, formula.stepped)
    table = np.exp(likelihoods(grid, seen.silence, formula))
    fresh = seen.standings[:, :, None] * newcomer
    state = fresh.copy()
    last = np.full(evidence.agent_count, np.nan)
    behind = np.zeros(evidence.agent_count)
    weights, categories = evidence.weights(formula), evidence.categories(formula)
    proofs = evidence.went_well(formula) * weights * seen.kinds[:, 0]
    for jobs in turns(evidence):
        agents = evidence.agents[jobs]
        weight, trust = weights[jobs], seen.kinds[jobs]
        heard = np.einsum("jt,jtsk->jsk", trust, table[:, categories[jobs]].transpose(1, 0, 2, 3))
        days = np.nan_to_num(evidence.days[jobs] - last[agents])
        ended = Ended(heard, weight, weight * trust[:, 0], proofs[jobs], days)
        record = after(Record(state[agents], behind[agents]), fresh[agents], ended, anew, formula)
        state[agents], behind[agents] = record.state, record.behind
        last[agents] = evidence.days[jobs]
    state = moved(state, anew, np.zeros(len(state)), np.nan_to_num(until - last), formula)
    return told(state.sum(axis=1), behind, formula)


@dataclass(frozen=True)
class Record:
    """What is believed of some agents, `state` [agent][standing][quality], and how far their names are proven."""

    state: Floats
    behind: Floats


@dataclass(frozen=True)
class Ended:
    """One job more of each of some agents: its likelihoods, its weight and how much of that its rater is trusted with,
    how far it proves a name, and the days since the job before."""

    heard: Floats
    weight: Floats
    trusted: Floats
    proof: Floats
    days: Floats


def after(record: Record, fresh: Floats, ended: Ended, anew: Floats, formula: Formula) -> Record:
    """The same agents after that job. `fresh` is what is believed of them under a new name: where the job went well,
    little did before, and it would make more of that name, it counts as the first of one, as it would be for who comes
    again."""
    kept = with_job(record, ended, ended.days, anew, formula)
    may = (ended.proof > 0) & (record.behind < formula.starts_anew)
    if not may.any():
        return kept
    first = with_job(Record(fresh, np.zeros_like(ended.proof)), ended, np.zeros_like(ended.days), anew, formula)
    worth = [told(each.state.sum(axis=1), each.behind, formula)[0] for each in (kept, first)]
    starts = may & (worth[1] > worth[0])
    return Record(np.where(starts[:, None, None], first.state, kept.state), np.where(starts, first.behind, kept.behind))


def with_job(record: Record, ended: Ended, days: Floats, anew: Floats, formula: Formula) -> Record:
    """The record that many days later, with the job added."""
    chances = moved(record.state, anew, ended.trusted, days, formula) * ended.heard ** ended.weight[:, None, None]
    return Record(chances / chances.sum(axis=(1, 2), keepdims=True), record.behind + ended.proof)


def told(chances: Floats, behind: Floats, formula: Formula) -> tuple[Floats, Floats]:
    """Mean and standard deviation by agent; what the mean is above a new name's worth counts as far as the agent's name
    is proven by `behind`, the weight of trusted work that went well."""
    grid = grid_of(formula.grid)
    mean = chances @ grid
    deviation = np.sqrt(np.maximum(0.0, chances @ grid**2 - mean**2))
    unproven = formula.proving / np.maximum(behind + formula.proving, LEAST_PROOF)
    return mean - unproven * np.maximum(0.0, mean - formula.unproven), deviation


def turns(evidence: Evidence) -> list[Ints]:
    """First each agent's first job, then each one's second, and so on."""
    if len(evidence) == 0:
        return []
    order = np.lexsort((np.arange(len(evidence)), evidence.days, evidence.agents))
    owners = evidence.agents[order]
    starts = np.r_[0, np.flatnonzero(np.diff(owners)) + 1]
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    by_turn = np.argsort(place, kind="stable")
    bounds = np.flatnonzero(np.diff(place[by_turn])) + 1
    return np.split(order[by_turn], bounds)


def moved(state: Floats, anew: Floats, jobs: Floats, days: Floats, formula: Formula) -> Floats:
    """The state after a share of it was spread out anew; the standings stay."""
    if not formula.use_time:
        return state.copy()
    stays = (1 - formula.step_per_job) ** jobs * (1 - formula.step_per_day) ** np.maximum(days, 0.0)
    back = state.sum(axis=2, keepdims=True) * anew
    shifted: Floats = stays[:, None, None] * state + (1 - stays)[:, None, None] * back
    return shifted
