"""The market, the attacks and the questions of `scripts/bench reputation`."""
