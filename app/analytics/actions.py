"""Making deals of what ended for good. Nothing here commits."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.analytics.models import Deal
from app.analytics.rules import outcome_of
from app.content.models import Content
from app.escrow.models import Escrow, EscrowEvent
from app.escrow.rules import State
from app.tasks.models import Task

BATCH = 500


async def record_ended(session: AsyncSession, after: int, final: int) -> int:
    """Stores what ended in the blocks above `after`, up to `final`; up to which block it came, which is `final` unless
    there was too much for once. A block is never done by half."""
    over = (Escrow.last_block > after, Escrow.last_block <= final, Escrow.state > State.DISPUTED)
    beyond = select(Escrow.last_block).where(*over).order_by(Escrow.last_block).offset(BATCH).limit(1)
    upto = (await session.execute(beyond)).scalar_one_or_none() or final
    size = select(func.max(Content.size)).where(Content.digest == Task.content).scalar_subquery()
    ended = select(Escrow, Task.capability, func.coalesce(size, 0)).join(Task, Task.task_id == Escrow.task_id)
    rows = (await session.execute(ended.where(*over, Escrow.last_block <= upto))).all()
    if rows:
        moments = await moments_of(session, [escrow.task_id for escrow, _, _ in rows])
        values = [deal_of(escrow, capability, size, moments) for escrow, capability, size in rows]
        await session.execute(insert(Deal).on_conflict_do_nothing(), values)
    return upto


def deal_of(
    escrow: Escrow, capability: str, size: int, moments: dict[str, tuple[int, int | None]]
) -> dict[str, object]:
    """An ended task as a row."""
    funded_at, awarded_at = moments.get(escrow.task_id, (escrow.since, None))
    return {
        "task_id": escrow.task_id,
        "capability": capability,
        "content_bytes": size,
        "agent_id": escrow.agent_id,
        "budget": escrow.budget,
        "price": escrow.price,
        "paid": escrow.paid,
        "fees": escrow.fees,
        "outcome": str(outcome_of(escrow)),
        "funded_at": funded_at,
        "awarded_at": awarded_at,
        "ended_at": escrow.last_timestamp,
    }


async def moments_of(session: AsyncSession, task_ids: Sequence[str]) -> dict[str, tuple[int, int | None]]:
    """When each was funded, and when awarded, by the chain's clock."""
    names = ("TaskFunded", "TaskAwarded")
    found = select(EscrowEvent.task_id, EscrowEvent.name, EscrowEvent.block_timestamp).where(
        EscrowEvent.task_id.in_(task_ids), EscrowEvent.name.in_(names)
    )
    seen: dict[tuple[str, str], int] = {}
    for task_id, name, time in await session.execute(found):
        seen[str(task_id), name] = time
    return {
        task_id: (time, seen.get((task_id, "TaskAwarded")))
        for (task_id, name), time in seen.items()
        if name == "TaskFunded"
    }
