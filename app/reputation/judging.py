"""Making scores: all agents at once, from what is final. Nothing here commits."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.escrow.queries import ChainClock
from app.reputation import queries
from app.reputation.actions import take_snapshot
from app.reputation.models import JudgedAgent, JudgedJob, QualitySnapshot
from app.reputation.rules import WHOLE
from app.reputation.scoring import (
    DAY_SECONDS,
    NEWEST,
    Audit,
    Formula,
    Job,
    Rating,
    Scores,
    effects,
    evidence_of,
    jobs_of,
    newcomer,
    score,
)
from app.reputation.scoring.evidence import Floats

ROWS = 2_000
EXPLAINED = 100
"""Older jobs are left out of an explanation, as if they had not been."""


def day_of(clock: ChainClock) -> int:
    """The chain's day that scores are made for: nothing changes within it but by new evidence."""
    return clock.timestamp // DAY_SECONDS


async def judge(session: AsyncSession, clock: ChainClock, formula: Formula = NEWEST) -> QualitySnapshot | None:
    """Scores every agent by all that is final, stores them, and freezes them as the newest qualities; None where nobody
    has any evidence yet, so that the prior stays."""
    tasks = await queries.ended_tasks(session, clock.finalized_number)
    jobs = jobs_of(tasks, day_of(clock) * DAY_SECONDS)
    if not jobs:
        return None
    # A second or two for a large market: other jobs of this process go on meanwhile.
    agents, scores = await asyncio.to_thread(scored, jobs, formula, day_of(clock))
    qualities = dict(zip(agents, millionths(scores.score), strict=True))
    await store_jobs(session, jobs, scores)
    await store_agents(session, agents, scores, jobs, formula, day_of(clock))
    return await take_snapshot(session, formula.name, round(newcomer(formula)[0] * WHOLE), qualities)


def scored(jobs: Sequence[Job], formula: Formula, day: int) -> tuple[list[int], Scores]:
    """The agents' ids and their scores on that day."""
    evidence, agents = evidence_of(jobs)
    return agents, score(evidence, formula, max(float(day), float(evidence.days.max())))


async def store_jobs(session: AsyncSession, jobs: Sequence[Job], scores: Scores) -> None:
    """Replaces what each job was taken to say, where that has changed."""
    rows = [
        {
            "task_id": job.task_id,
            "agent_id": job.agent_id,
            "rater": job.rater,
            "value": job.value,
            "rating": int(job.rating),
            "audit": int(job.audit),
            "ended_at": job.ended_at,
            "kinds": millionths(kinds),
        }
        for job, kinds in zip(jobs, scores.judged.kinds, strict=True)
    ]
    known = await queries.judged_tasks(session)
    gone = known - {job.task_id for job in jobs}
    if gone:
        await session.execute(delete(JudgedJob).where(JudgedJob.task_id.in_(gone)))
    for place in range(0, len(rows), ROWS):
        upsert = insert(JudgedJob).values(rows[place : place + ROWS])
        fresh = {name: getattr(upsert.excluded, name) for name in rows[0] if name != "task_id"}
        changed = JudgedJob.kinds.is_distinct_from(upsert.excluded.kinds) | (
            (JudgedJob.rating != upsert.excluded.rating) | (JudgedJob.audit != upsert.excluded.audit)
        )
        await session.execute(upsert.on_conflict_do_update(index_elements=["task_id"], set_=fresh, where=changed))


async def store_agents(
    session: AsyncSession, agents: Sequence[int], scores: Scores, jobs: Sequence[Job], formula: Formula, day: int
) -> None:
    """Replaces the agents' scores."""
    counts: dict[int, int] = {}
    for job in jobs:
        counts[job.agent_id] = counts.get(job.agent_id, 0) + 1
    rows = [
        {
            "agent_id": agent,
            "score": points,
            "deviation": deviation,
            "standings": millionths(standings),
            "silence": round(scores.judged.silence * WHOLE),
            "jobs": counts[agent],
            "formula": formula.name,
            "until": day * DAY_SECONDS,
        }
        for agent, points, deviation, standings in zip(
            agents, millionths(scores.score), millionths(scores.deviation), scores.judged.standings, strict=True
        )
    ]
    await session.execute(delete(JudgedAgent))
    await session.execute(insert(JudgedAgent), rows)


@dataclass(frozen=True)
class Explained:
    """A job that counts; `weight` and `effect` are millionths."""

    row: JudgedJob
    weight: int
    effect: int


async def explain(session: AsyncSession, agent_id: int) -> tuple[JudgedAgent | None, list[Explained]]:
    """An agent's score, and what each of its newest EXPLAINED jobs does to it, as they were last judged."""
    judged = await queries.judged_agent(session, agent_id)
    if judged is None:
        return None, []
    rows = await queries.judged_jobs(session, agent_id, EXPLAINED)
    jobs = [
        Job(row.task_id, 0, row.rater, row.value, Rating(row.rating), Audit(row.audit), row.ended_at) for row in rows
    ]
    own, _ = evidence_of(jobs)
    trust, standing = np.array([row.kinds for row in rows]) / WHOLE, np.array(judged.standings) / WHOLE
    day = max(judged.until / DAY_SECONDS, float(own.days.max()))
    gained = await asyncio.to_thread(effects, own, trust, standing, judged.silence / WHOLE, NEWEST, day)
    weights = millionths(own.weights(NEWEST))
    return judged, [Explained(*each) for each in zip(rows, weights, millionths(gained), strict=True)]


def millionths(chances: Floats) -> list[int]:
    """Whole millionths, to the nearest."""
    return [int(each) for each in np.rint(chances * WHOLE)]
