"""What a score is made of: one row a finished job, as columns of equal length."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from app.reputation.scoring.formula import Formula

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Rating(IntEnum):
    """What the buyer said; SILENT where he might have rated and did not."""

    BAD = 0
    GOOD = 1
    SILENT = 2


class Audit(IntEnum):
    """What the work turned out to be when somebody did it again."""

    NONE = 0
    FAILED = 1
    PASSED = 2


CATEGORIES = len(Rating) * len(Audit)


@dataclass(frozen=True)
class Evidence:
    """Jobs in any order. `agents` and `raters` are numbered from 0; `values` are base units; `days` say when a job
    ended, counted from any day."""

    agents: Ints
    raters: Ints
    values: Ints
    ratings: Ints
    audits: Ints
    days: Floats
    agent_count: int

    def __len__(self) -> int:
        return len(self.agents)

    @property
    def rater_count(self) -> int:
        return int(self.raters.max()) + 1 if len(self.raters) else 0

    def categories(self, formula: Formula) -> Ints:
        """Rating and audit as one number below CATEGORIES."""
        audits = self.audits if formula.use_audits else np.zeros_like(self.audits)
        return self.ratings * len(Audit) + audits

    def went_well(self, formula: Formula) -> Bools:
        """Which jobs somebody called good and no audit found wanting."""
        audits = self.categories(formula) % len(Audit)
        praised = (self.ratings == Rating.GOOD) & (audits == Audit.NONE)
        well: Bools = praised | (audits == Audit.PASSED)
        return well

    def weights(self, formula: Formula) -> Floats:
        """What each job weighs, in sixteenths above 1/16: few different ones, so that equal rows can be counted."""
        if not formula.use_value:
            return np.ones(len(self))
        share = np.minimum(1.0, self.values / formula.cap)
        return np.where(share < 1 / 16, share, np.round(share * 16) / 16)
