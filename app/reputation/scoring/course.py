"""How good an agent is now: its jobs in the order of their ends, through a filter that expects steps.

The state is a distribution over quality for each standing. It begins low: who comes again under a new name gains
nothing. Before each job a little of it is spread out anew (the agent may have become another), so that what is long ago
says less, and a sudden change is found within a few jobs (Adams and MacKay 2007, with a constant hazard). Only trusted
jobs move this clock: who could make others forget by fake jobs would.
"""

import numpy as np

from app.reputation.scoring.evidence import Evidence, Floats, Ints
from app.reputation.scoring.formula import Formula
from app.reputation.scoring.inference import Judged
from app.reputation.scoring.likelihood import grid_of, likelihoods, prior_of


def course(evidence: Evidence, seen: Judged, formula: Formula, until: float) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each agent's quality on the day `until`."""
    grid = grid_of(formula.grid)
    newcomer, anew = prior_of(grid, formula.newcomer), prior_of(grid, formula.stepped)
    table = np.exp(likelihoods(grid, seen.silence, formula))
    state = seen.standings[:, :, None] * newcomer
    last = np.full(evidence.agent_count, np.nan)
    weights, categories = evidence.weights(formula), evidence.categories(formula)
    for jobs in turns(evidence):
        agents = evidence.agents[jobs]
        weight, trust = weights[jobs], seen.kinds[jobs]
        told = np.einsum("jt,jtsk->jsk", trust, table[:, categories[jobs]].transpose(1, 0, 2, 3))
        days = np.nan_to_num(evidence.days[jobs] - last[agents])
        current = moved(state[agents], anew, weight * trust[:, 0], days, formula)
        current *= told ** weight[:, None, None]
        state[agents] = current / current.sum(axis=(1, 2), keepdims=True)
        last[agents] = evidence.days[jobs]
    state = moved(state, anew, np.zeros(len(state)), np.nan_to_num(until - last), formula)
    chances = state.sum(axis=1)
    mean = chances @ grid
    deviation = np.sqrt(np.maximum(0.0, chances @ grid**2 - mean**2))
    return mean, deviation


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
