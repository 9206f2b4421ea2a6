"""Whose gas a task pays for: its pot is what its fee will be worth, and a task that brings no fee is paid by its buyer.

Reactions to what is final on the chain; nothing here commits.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import advance, next_for
from app.announcements.models import Announcement
from app.database import Address, Hash32, TaskId
from app.escrow.models import Escrow
from app.escrow.queries import chain_clock, is_final
from app.money import fee_up
from app.relayer.gas import books
from app.tasks.models import Task

READER = "tasks.gas"
TOPICS = ("chain.TaskFunded", "chain.TaskRefunded")
"""What comes of a task without a fee, and what shows that an account has put money in."""


async def open_pot(session: AsyncSession, task_id: TaskId, fee_bps: int) -> None:
    """Once a task: the most that its gas may cost."""
    budget = (await session.execute(select(Task.budget).where(Task.task_id == task_id))).scalar_one_or_none()
    if budget is not None:
        await books.open_pot(session, task_id, fee_up(int(budget), fee_bps))


async def react(session: AsyncSession, deposit_wei: int) -> int:
    """Up to the first announcement that is not final yet; how many. Raises ChainNotMirrored."""
    clock = await chain_clock(session)
    seen = await next_for(session, READER, TOPICS)
    final = leading([is_final(int(each.payload["block"]), clock) for each in seen])
    for each in seen[:final]:
        await settle(session, each, deposit_wei)
    if final and seen[final - 1].position is not None:
        await advance(session, READER, int(seen[final - 1].position or 0))
    return final


async def settle(session: AsyncSession, said: Announcement, deposit_wei: int) -> None:
    """Credit for a buyer's first money; the buyer's account for a task that brought no fee."""
    task_id = TaskId(Hash32(said.subject.removeprefix("task:")))
    wanted = select(Escrow.buyer, Escrow.fees).where(Escrow.task_id == task_id)
    found = (await session.execute(wanted)).one_or_none()
    if found is None:  # a reorg took it; what is final comes again
        return
    buyer = Address(str(found.buyer))
    if said.topic == "chain.TaskFunded":
        await books.give(session, f"deposit:{buyer}", buyer, deposit_wei)
    elif int(found.fees) == 0:
        await books.charge_to_account(session, task_id, buyer)


def leading(flags: Sequence[bool]) -> int:
    """How many are true before the first that is not."""
    return next((place for place, flag in enumerate(flags) if not flag), len(flags))
