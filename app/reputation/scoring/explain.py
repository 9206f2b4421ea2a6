"""Why a score is what it is: what it would be without each job."""

from dataclasses import replace

import numpy as np

from app.reputation.scoring.course import course
from app.reputation.scoring.evidence import Evidence, Floats
from app.reputation.scoring.formula import Formula
from app.reputation.scoring.inference import Judged


def effects(own: Evidence, trust: Floats, standing: Floats, silence: float, formula: Formula, day: float) -> Floats:
    """For each of one agent's jobs by how much the score is higher for it. Raters are judged as they were with it.

    `trust` says by job which kind its rater is taken for, `standing` how the agent stands.
    """
    count = len(own)
    copies = count + 1
    # One copy of the agent for each job that is left out, and a whole one last.
    kept = np.concatenate([np.delete(np.arange(count), left) for left in range(count)] + [np.arange(count)])
    owners = np.concatenate([np.repeat(np.arange(count), max(0, count - 1)), np.full(count, count)])
    columns = {name: getattr(own, name)[kept] for name in ("raters", "values", "ratings", "audits", "days")}
    many = replace(own, agents=owners.astype(np.int64), agent_count=copies, **columns)
    seen = Judged(trust[kept], np.tile(standing, (copies, 1)), silence)
    without, _ = course(many, seen, formula, day)
    gained: Floats = without[count] - without[:count]
    return gained
