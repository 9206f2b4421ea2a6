"""The score: what finished work, its ratings and audits say of an agent, whoever rates. Pure; floats inside, millionths
out. docs/reputation.md tells the model in words."""

from app.reputation.scoring.evidence import Audit, Evidence, Rating
from app.reputation.scoring.formula import NEWEST, Formula
from app.reputation.scoring.scores import Scores, score

__all__ = ["NEWEST", "Audit", "Evidence", "Formula", "Rating", "Scores", "score"]
