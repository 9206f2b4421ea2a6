"""Every SELECT of disputes: which tasks are or were disputed, and what the parties showed."""

from typing import Any

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Address, TaskId
from app.disputes.models import Evidence
from app.escrow.models import Escrow
from app.tasks.models import Task
from app.tasks.queries import TaskView, views, whole_tasks


async def disputed_tasks(
    session: AsyncSession, account: Address, after: tuple[Any, ...] | None, limit: int
) -> list[TaskView]:
    """At most `limit` tasks with a dispute, past ones too, in which the account has a part; newest first."""
    mine = or_(Task.buyer == account, Task.arbiter == account, Task.agent == account, Escrow.agent == account)
    query = whole_tasks().where(Escrow.disputed_by.is_not(None), mine)
    if after is not None:
        query = query.where(tuple_(Task.created_at, Task.task_id) < after)
    return await views(session, query.order_by(Task.created_at.desc(), Task.task_id.desc()).limit(limit))


async def evidence_of(session: AsyncSession, task_id: TaskId) -> list[Evidence]:
    """What both parties showed, oldest first."""
    ordered = select(Evidence).where(Evidence.task_id == task_id).order_by(Evidence.created_at, Evidence.digest)
    return list(await session.scalars(ordered))
