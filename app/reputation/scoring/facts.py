"""What an ended task says about its agent, from facts of the chain and audits. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from app.escrow.rules import Refund, State
from app.reputation.scoring.evidence import Audit, Evidence, Rating

DAY_SECONDS = 86_400
RATING_SECONDS = 14 * DAY_SECONDS
"""Who has not rated by then is taken to keep silent."""
GOOD_STARS, BAD_STARS = 4, 2
CLEAR_BPS = 2_500
"""A ruling within so much of all or nothing says how the work was."""
FINISHED = (State.RELEASED, State.CLAIMED, State.SETTLED, State.RULED)
NOT_DELIVERED = (Refund.CANCELLED_BY_AGENT, Refund.RECLAIMED)


@dataclass(frozen=True)
class EndedTask:
    """A task that is over for good, of an agent who had agreed to it. `value` is the price in base units; `rater` names
    the account behind the buyer; `passed` is what an audit found."""

    task_id: str
    agent_id: int
    rater: str
    value: int
    state: int
    refund_reason: int | None
    paid: int
    share_bps: int | None
    by_default: bool | None
    stars: int | None
    passed: bool | None
    ended_at: int


@dataclass(frozen=True)
class Job:
    """One row of evidence."""

    task_id: str
    agent_id: int
    rater: str
    value: int
    rating: Rating
    audit: Audit
    ended_at: int


def jobs_of(tasks: Iterable[EndedTask], now: int) -> list[Job]:
    """The tasks that say something, in the order of their ends; `now` is the chain's time."""
    said = ((task, said_by(task, now)) for task in tasks)
    jobs = [
        Job(task.task_id, task.agent_id, task.rater, task.value, *what, task.ended_at)
        for task, what in said
        if what is not None
    ]
    return sorted(jobs, key=lambda job: (job.ended_at, job.task_id))


def said_by(task: EndedTask, now: int) -> tuple[Rating, Audit] | None:
    """Rating and audit of a task; None where it speaks neither for nor against the agent.

    Leaving a task and missing its deadline are failures that the chain itself saw; a veto and a parting by both are
    nothing. A clear ruling counts as an audit.
    """
    if task.state == State.REFUNDED:
        return (Rating.BAD, Audit.FAILED) if task.refund_reason in NOT_DELIVERED else None
    if task.state not in FINISHED:
        return None
    audit = audit_of(task)
    rating = rating_of(task, audit, now)
    if rating is None:
        return None if audit is Audit.NONE else (Rating.SILENT, audit)
    return rating, audit


def audit_of(task: EndedTask) -> Audit:
    """What somebody else found: an auditor, or the arbiter where he ruled clearly."""
    if task.passed is not None:
        return Audit.PASSED if task.passed else Audit.FAILED
    if task.state == State.RULED and not task.by_default and task.share_bps is not None:
        if task.share_bps <= CLEAR_BPS:
            return Audit.FAILED
        if task.share_bps >= 10_000 - CLEAR_BPS:
            return Audit.PASSED
    return Audit.NONE


def rating_of(task: EndedTask, audit: Audit, now: int) -> Rating | None:
    """What the buyer thought: his stars, three of which say neither; without them what he did."""
    if task.stars is not None:
        if BAD_STARS < task.stars < GOOD_STARS:
            return None
        return Rating.GOOD if task.stars >= GOOD_STARS else Rating.BAD
    if task.state == State.RULED and audit is not Audit.NONE:
        return Rating.GOOD if audit is Audit.PASSED else Rating.BAD
    if task.state == State.SETTLED and task.paid == 0:
        return Rating.BAD
    return Rating.SILENT if now >= task.ended_at + RATING_SECONDS else None


def evidence_of(jobs: Sequence[Job]) -> tuple[Evidence, list[int]]:
    """The jobs as columns, and the agents' ids by their number there."""
    agents = sorted({job.agent_id for job in jobs})
    raters = sorted({job.rater for job in jobs})
    agent_number = {agent: number for number, agent in enumerate(agents)}
    rater_number = {rater: number for number, rater in enumerate(raters)}

    def column(values: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.fromiter(values, dtype=np.int64, count=len(jobs))

    evidence = Evidence(
        agents=column(agent_number[job.agent_id] for job in jobs),
        raters=column(rater_number[job.rater] for job in jobs),
        values=column(min(job.value, 2**62) for job in jobs),
        ratings=column(job.rating for job in jobs),
        audits=column(job.audit for job in jobs),
        days=np.array([job.ended_at / DAY_SECONDS for job in jobs], dtype=np.float64),
        agent_count=len(agents),
    )
    return evidence, agents
