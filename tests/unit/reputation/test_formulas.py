"""Every version of the formula that ever counted makes the scores today that it made then."""

import numpy as np
import pytest

from app.reputation.scoring import score
from app.reputation.scoring.formula import FORMULAS
from bench.scoring.attacks import IDENTITIES, camouflage
from bench.scoring.world import world_of

AGENTS = [0, 70, 140, 199]
MADE: dict[str, list[float]] = {
    "guildhall-1": [0.3901380786270951, 0.4798460994851875, 0.2173798943606653, 0.6795639557636519],
    "guildhall-2": [0.3751915099208212, 0.46355927216944676, 0.22030587459707462, 0.6605168269642624],
    "guildhall-3": [0.3785618927001614, 0.4641589838389433, 0.2197305051924353, 0.6608142749381462],
}
"""Scores of AGENTS in one market under attack, as they were when the version came."""


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_a_version_makes_what_it_made(name: str) -> None:
    random = np.random.default_rng(11)
    attacked = camouflage(shaded=False)(random, world_of(random), IDENTITIES["five jobs each"], 3_000_000)
    found = score(attacked.jobs.evidence(), FORMULAS[name]).score[AGENTS]
    assert found == pytest.approx(MADE[name], abs=1e-9)
