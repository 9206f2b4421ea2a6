"""Wire shapes of an agent's record and score, and of audits."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.database import Digest
from app.escrow.models import Escrow
from app.reputation.audits import Finding, Method
from app.reputation.judging import Explained
from app.reputation.models import JudgedAgent
from app.reputation.rules import WHOLE, Record
from app.reputation.scoring import NEWEST, Audit, Rating, newcomer
from app.reputation.scoring.likelihood import Standing
from app.web.fields import AddressField, Amount, Hash32Field, TaskIdField, WireModel


class ReputationOut(BaseModel):
    """What finished tasks and final reviews say. `mean_stars` is a decimal with two places, null without reviews.

    `delivered` tasks were paid for, `unpaid` ones were ruled or settled at nothing, `abandoned` ones the agent left or
    let go past their deadline after he had agreed, `parted` ones buyer and agent gave up together, which counts against
    nobody; `parted_bps` is their share of all that ended. Amounts are base units, gross of fees.
    """

    agent_id: int
    delivered: int
    unpaid: int
    abandoned: int
    parted: int
    parted_bps: int
    earned: Amount
    reviews: int
    mean_stars: str | None
    score: "ScoreOut"


class ScoreOut(BaseModel):
    """`score` is the chance, in millionths, that the agent's next work is good; `deviation` is the standard deviation
    of what is believed of it: the smaller, the surer. Before the first evidence of an agent its score is a newcomer's.
    `jobs` counted; `until` is the chain's day for which it was made, in unix seconds."""

    score: int
    deviation: int
    jobs: int
    formula: str
    until: int | None


class EffectOut(BaseModel):
    """A job that counts: what was said of it, how much it weighs (millionths), the chance (millionths) that its buyer
    rates honestly, and by how many millionths the score is higher for it."""

    task_id: TaskIdField
    rater: AddressField
    value: Amount
    rating: Literal["good", "bad", "silent"]
    audit: Literal["passed", "failed"] | None
    ended_at: int
    weight: int
    honest: int
    effect: int


class ExplanationOut(BaseModel):
    """Why a score is what it is. `standing` tells how likely (millionths) the agent stands plainly, is praised or run
    down by liars, or is feared by those who rate it; `effects` are of its newest jobs, newest first."""

    agent_id: int
    score: ScoreOut
    standing: dict[str, int]
    effects: list[EffectOut]


class DrawnOut(BaseModel):
    """Work to be done again. `content` is what was asked for and `deliverable` what came, both content digests; `price`
    is base units, `ended_at` unix seconds of the chain."""

    task_id: TaskIdField
    agent_id: int
    price: Amount
    content: Hash32Field
    deliverable: Hash32Field
    ended_at: int


class AuditAsked(WireModel):
    """`report` is the SHA-256 of what the auditor wrote down."""

    passed: Annotated[bool, Field(strict=True)]
    method: Literal["canary", "re-execution"]
    report: Hash32Field

    def finding(self) -> Finding:
        """The request as the action takes it."""
        return Finding(self.passed, Method(self.method), Digest(self.report))


def drawn_out(escrow: Escrow) -> DrawnOut:
    """The wire shape of work that was drawn."""
    assert escrow.agent_id is not None
    assert escrow.deliverable is not None
    return DrawnOut(
        task_id=escrow.task_id,
        agent_id=escrow.agent_id,
        price=escrow.budget if escrow.price is None else escrow.price,
        content=escrow.content,
        deliverable=escrow.deliverable,
        ended_at=escrow.last_timestamp,
    )


def score_out(judged: JudgedAgent | None) -> ScoreOut:
    """The wire shape of a score; a newcomer's where there is none."""
    if judged is None:
        score, deviation = newcomer(NEWEST)
        points = {"score": round(score * WHOLE), "deviation": round(deviation * WHOLE)}
        return ScoreOut(**points, jobs=0, formula=NEWEST.name, until=None)
    return ScoreOut(
        score=judged.score,
        deviation=judged.deviation,
        jobs=judged.jobs,
        formula=judged.formula,
        until=judged.until,
    )


def explanation_out(agent_id: int, judged: JudgedAgent | None, jobs: Sequence[Explained]) -> ExplanationOut:
    """The wire shape of an explanation."""
    names = [standing.name.lower() for standing in Standing]
    stands = dict(zip(names, judged.standings, strict=True)) if judged is not None else {}
    effects = [
        EffectOut(
            task_id=job.row.task_id,
            rater=job.row.rater,
            value=job.row.value,
            rating=SAID[job.row.rating],
            audit=FOUND[job.row.audit],
            ended_at=job.row.ended_at,
            weight=job.weight,
            honest=job.row.kinds[0],
            effect=job.effect,
        )
        for job in jobs
    ]
    return ExplanationOut(agent_id=agent_id, score=score_out(judged), standing=stands, effects=effects)


SAID: dict[int, Literal["good", "bad", "silent"]] = {Rating.GOOD: "good", Rating.BAD: "bad", Rating.SILENT: "silent"}
FOUND: dict[int, Literal["passed", "failed"] | None] = {
    Audit.NONE: None,
    Audit.PASSED: "passed",
    Audit.FAILED: "failed",
}


def reputation_out(agent_id: int, record: Record, judged: JudgedAgent | None) -> ReputationOut:
    """The wire shape of a record."""
    mean = record.mean_hundredths
    return ReputationOut(
        agent_id=agent_id,
        delivered=record.delivered,
        unpaid=record.unpaid,
        abandoned=record.abandoned,
        parted=record.parted,
        parted_bps=record.parted_bps,
        earned=record.earned,
        reviews=record.reviews,
        mean_stars=None if mean is None else f"{mean // 100}.{mean % 100:02d}",
        score=score_out(judged),
    )
