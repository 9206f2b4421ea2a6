"""Making deals of what ended for good, and keeping what each agent's add up to. Nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.analytics.models import Deal
from app.analytics.rules import has_missed, outcome_of
from app.content.models import Content
from app.escrow.models import Escrow, EscrowEvent
from app.escrow.queries import ended_in, whole_blocks
from app.reputation.queries import own_tasks
from app.tasks.models import Task

BATCH = 500
TIMED = 200
"""So many of the newest paid deliveries tell an agent's pace: old ones say nothing of how fast it is now."""
PERFORM = text("""
WITH had AS (
    SELECT deal.*, part.name, delivered_at - coalesce(awarded_at, funded_at) AS seconds
    FROM market.deals deal CROSS JOIN LATERAL (VALUES (''), (deal.capability)) AS part (name)
    WHERE agent_id = ANY(CAST(:agents AS bigint[])) AND NOT own
), ranked AS (
    SELECT agent_id, name, seconds,
        row_number() OVER (PARTITION BY agent_id, name ORDER BY ended_at DESC, task_id) AS place
    FROM had WHERE outcome = 'paid' AND seconds IS NOT NULL
), paces AS (
    SELECT agent_id, name, count(*) AS timed, percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS median_seconds,
        percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds) AS p90_seconds
    FROM ranked WHERE place <= :timed GROUP BY agent_id, name
), counts AS (
    SELECT agent_id, name, count(*) AS awarded, count(delivered_at) AS delivered,
        count(*) FILTER (WHERE outcome = 'paid') AS finished,
        count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned, count(*) FILTER (WHERE missed) AS missed
    FROM had GROUP BY agent_id, name
)
INSERT INTO market.performances (agent_id, capability, awarded, delivered, finished, abandoned, missed, timed,
    median_seconds, p90_seconds)
SELECT agent_id, name, awarded, delivered, finished, abandoned, missed, coalesce(timed, 0), median_seconds, p90_seconds
FROM counts LEFT JOIN paces USING (agent_id, name)
ON CONFLICT (agent_id, capability) DO UPDATE SET awarded = excluded.awarded, delivered = excluded.delivered,
    finished = excluded.finished, abandoned = excluded.abandoned, missed = excluded.missed, timed = excluded.timed,
    median_seconds = excluded.median_seconds, p90_seconds = excluded.p90_seconds
""")


@dataclass(frozen=True)
class Moments:
    """When a task was funded, awarded and last delivered, by the chain's clock."""

    funded_at: int
    awarded_at: int | None = None
    delivered_at: int | None = None


async def record_ended(session: AsyncSession, after: int, final: int) -> int:
    """Stores what ended in the blocks above `after`, up to `final`; up to which block it came, which is `final` unless
    there was too much for once. A block is never done by half."""
    upto = await whole_blocks(session, after, final, BATCH)
    size = select(func.max(Content.size)).where(Content.digest == Task.content).scalar_subquery()
    ended = select(Escrow, Task.capability, func.coalesce(size, 0)).join(Task, Task.task_id == Escrow.task_id)
    rows = (await session.execute(ended.where(ended_in(after, upto)))).all()
    if rows:
        await store(session, [(escrow, capability, size) for escrow, capability, size in rows])
    return upto


async def store(session: AsyncSession, ended: Sequence[tuple[Escrow, str, int]]) -> None:
    """Keeps ended tasks, each with its capability and the size of its content, and adds up their agents' work anew."""
    ids = [escrow.task_id for escrow, _, _ in ended]
    moments, own = await moments_of(session, ids), await own_tasks(session, ids)
    values = [
        deal_of(escrow, moments.get(escrow.task_id) or Moments(escrow.since))
        | {"capability": capability, "content_bytes": size, "own": escrow.task_id in own}
        for escrow, capability, size in ended
    ]
    await session.execute(insert(Deal).on_conflict_do_nothing(), values)
    agents = sorted({escrow.agent_id for escrow, _, _ in ended if escrow.agent_id is not None})
    await session.execute(PERFORM, {"agents": agents, "timed": TIMED})


def deal_of(escrow: Escrow, moments: Moments) -> dict[str, object]:
    """What the chain says of an ended task, as a row."""
    return {
        "task_id": escrow.task_id,
        "agent_id": escrow.agent_id,
        "budget": escrow.budget,
        "price": escrow.price,
        "paid": escrow.paid,
        "fees": escrow.fees,
        "outcome": str(outcome_of(escrow)),
        "missed": has_missed(escrow),
        "ended_at": escrow.last_timestamp,
        **vars(moments),
    }


async def moments_of(session: AsyncSession, task_ids: Sequence[str]) -> dict[str, Moments]:
    """The moments of each task whose funding was seen."""
    names = {"TaskFunded": "funded_at", "TaskAwarded": "awarded_at", "TaskSubmitted": "delivered_at"}
    found = (
        select(EscrowEvent.task_id, EscrowEvent.name, func.max(EscrowEvent.block_timestamp))
        .where(EscrowEvent.task_id.in_(task_ids), EscrowEvent.name.in_(names))
        .group_by(EscrowEvent.task_id, EscrowEvent.name)
    )
    seen: dict[str, dict[str, int]] = {}
    for task_id, name, time in await session.execute(found):
        seen.setdefault(str(task_id), {})[names[name]] = time
    return {task_id: Moments(**times) for task_id, times in seen.items() if "funded_at" in times}
