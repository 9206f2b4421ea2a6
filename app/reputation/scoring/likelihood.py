"""How likely each kind of row is, by who rates, how the agent stands to him, and how good the agent is.

An agent *stands* plainly, or promoted (liars praise it), slandered (liars run it down) or feared (bad ratings of it are
silenced or turned). A liar tells the truth about everybody who stands plainly.
"""

from enum import IntEnum

import numpy as np

from app.reputation.scoring.evidence import CATEGORIES, Audit, Floats, Rating
from app.reputation.scoring.formula import Formula


class Standing(IntEnum):
    PLAIN = 0
    PROMOTED = 1
    SLANDERED = 2
    FEARED = 3


def grid_of(points: int) -> Floats:
    """Qualities in the middles of equal intervals."""
    middles: Floats = (np.arange(points) + 0.5) / points
    return middles


def prior_of(grid: Floats, beta: tuple[float, float]) -> Floats:
    """The chance of each quality before anything is known: a beta distribution on the grid."""
    a, b = beta
    mass = grid ** (a - 1) * (1 - grid) ** (b - 1)
    chances: Floats = mass / mass.sum()
    return chances


def likelihoods(grid: Floats, silence: float, formula: Formula) -> Floats:
    """Logarithms, [kind of rater][category][standing][quality]; rater 0 is honest, the others lie ever less."""
    strengths = (0.0, *formula.lies)
    table = np.empty((len(strengths), CATEGORIES, len(Standing), len(grid)))
    for kind, strength in enumerate(strengths):
        for standing in Standing:
            rows = standing_rows(grid, strength, standing, silence, formula)
            table[kind, :, standing, :] = rows
    logarithms: Floats = np.log(np.maximum(table, 1e-12))
    return logarithms


def standing_rows(grid: Floats, strength: float, standing: Standing, silence: float, formula: Formula) -> Floats:
    """The chances of the nine categories for one kind of rater and one standing, [category][quality]."""
    rows = np.empty((CATEGORIES, len(grid)))
    said = {good: spoken(good, strength, standing, silence, formula, seen=False) for good in (False, True)}
    told = {good: spoken(good, strength, standing, silence, formula, seen=True) for good in (False, True)}
    passes = audited(grid, standing, formula)
    for rating in Rating:
        place = rating * len(Audit)
        rows[place + Audit.NONE] = grid * said[True][rating] + (1 - grid) * said[False][rating]
        rows[place + Audit.PASSED] = passes * told[True][rating]
        rows[place + Audit.FAILED] = (1 - passes) * told[False][rating]
    return rows


def audited(grid: Floats, standing: Standing, formula: Formula) -> Floats:
    """How often an audit finds good work: who has something to hide may know an audit when he sees one."""
    if standing in (Standing.PROMOTED, Standing.FEARED):
        return formula.recognised + (1 - formula.recognised) * grid
    return grid


def spoken(
    good: bool, strength: float, standing: Standing, silence: float, formula: Formula, *, seen: bool
) -> tuple[float, float, float]:
    """The chances of a bad rating, a good one and silence for work that was good or was not."""
    praise = 1 - formula.noise if good else formula.noise
    if standing is Standing.PROMOTED:
        praise = strength + (1 - strength) * praise
    if standing is Standing.SLANDERED:
        praise *= 1 - strength * (1 - formula.recognised if seen else 1)
    bad, mute = 1 - praise, 0.0
    if standing is Standing.FEARED and formula.use_silence:
        mute, praise = formula.silenced * bad, praise + formula.turned * bad
        bad *= 1 - formula.silenced - formula.turned
    return (1 - silence) * bad, (1 - silence) * praise, silence + (1 - silence) * mute
