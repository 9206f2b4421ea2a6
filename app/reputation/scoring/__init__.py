"""The score: what finished work, its ratings and audits say of an agent, whoever rates. Pure; floats inside, millionths
out. docs/reputation.md tells the model in words."""

from app.reputation.scoring.evidence import Audit, Evidence, Rating
from app.reputation.scoring.explain import effects
from app.reputation.scoring.facts import DAY_SECONDS, EndedTask, Job, evidence_of, jobs_of
from app.reputation.scoring.formula import NEWEST, Formula
from app.reputation.scoring.scores import Scores, newcomer, score

__all__ = [
    "DAY_SECONDS",
    "NEWEST",
    "Audit",
    "EndedTask",
    "Evidence",
    "Formula",
    "Job",
    "Rating",
    "Scores",
    "effects",
    "evidence_of",
    "jobs_of",
    "newcomer",
    "score",
]
