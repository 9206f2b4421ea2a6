"""Scores from evidence."""

from dataclasses import dataclass

import numpy as np

from app.reputation.scoring.course import course, told
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
    mean, deviation = told(prior_of(grid_of(formula.grid), formula.newcomer)[None], np.zeros(1), formula)
    return float(mean[0]), float(deviation[0])
