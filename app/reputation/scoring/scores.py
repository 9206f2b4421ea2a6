"""Scores from evidence."""

from dataclasses import dataclass

from app.reputation.scoring.course import course
from app.reputation.scoring.evidence import Evidence, Floats
from app.reputation.scoring.formula import Formula
from app.reputation.scoring.inference import Judged, judged
from app.reputation.scoring.likelihood import grid_of, prior_of


@dataclass(frozen=True)
class Scores:
    """For each agent: `score` in [0, 1], the chance that its next work is good, and the standard deviation of what is
    believed of it; and what was judged on the way."""

    score: Floats
    deviation: Floats
    judged: Judged


def score(evidence: Evidence, formula: Formula, until: float | None = None) -> Scores:
    """What the evidence says on the day `until`; by default on the day of the last job."""
    day = until if until is not None else float(evidence.days.max(initial=0.0))
    seen = judged(evidence, formula)
    return Scores(*course(evidence, seen, formula, day), seen)


def newcomer(formula: Formula) -> tuple[float, float]:
    """Score and deviation of an agent of whom nothing is known."""
    grid = grid_of(formula.grid)
    chances = prior_of(grid, formula.newcomer)
    mean = float(chances @ grid)
    return mean, float(chances @ (grid - mean) ** 2) ** 0.5
