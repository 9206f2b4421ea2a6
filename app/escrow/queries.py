"""Reading the escrow mirror. Everything here is provisional until `is_final` says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.chain.models import Cursor
from app.database import Address, Hash32, TaskId
from app.errors import ChainNotMirrored
from app.escrow.models import Escrow, EscrowEvent, Owed
from app.escrow.rules import State


@dataclass(frozen=True)
class ChainClock:
    """Where the mirror stands; `timestamp` is the chain time in unix seconds.

    Whoever asks whether something is final takes `finalized_number` from here: it is below every block while the
    mirror is halted, so that nothing is served as final and nothing that waits for finality goes on.
    """

    block_number: int
    timestamp: int
    finalized_number: int
    head_number: int


async def chain_clock(session: AsyncSession) -> ChainClock:
    """The newest mirrored block. Raises ChainNotMirrored before the first one."""
    cursor = (await session.scalars(select(Cursor).limit(1))).one_or_none()
    if cursor is None:
        raise ChainNotMirrored()
    return ChainClock(cursor.block_number, cursor.block_timestamp, cursor.final_up_to, cursor.head_number)


def is_final(block: int, clock: ChainClock) -> bool:
    """Whether what happened in `block` can no longer be undone by a reorg."""
    return block <= clock.finalized_number


def ended_by(upto: int) -> ColumnElement[bool]:
    """Tasks that ended in a block up to `upto`."""
    return and_(Escrow.last_block <= upto, Escrow.state > State.DISPUTED)


def ended_in(after: int, upto: int) -> ColumnElement[bool]:
    """Tasks that ended in the blocks above `after`, up to `upto`."""
    return and_(Escrow.last_block > after, ended_by(upto))


async def whole_blocks(session: AsyncSession, after: int, final: int, most: int) -> int:
    """Up to which block one round goes: to `final`, or to where the blocks above `after` hold `most` ended tasks. A
    block is never done by half."""
    beyond = select(Escrow.last_block).where(ended_in(after, final)).order_by(Escrow.last_block).offset(most).limit(1)
    return (await session.execute(beyond)).scalar_one_or_none() or final


async def escrow_of(session: AsyncSession, task_id: TaskId) -> Escrow | None:
    """The mirrored escrow of a task, None where no funding has been seen."""
    return (await session.scalars(select(Escrow).where(Escrow.task_id == task_id))).one_or_none()


async def escrows_of(session: AsyncSession, task_ids: Sequence[TaskId]) -> dict[TaskId, Escrow]:
    """The mirrored escrows of several tasks; tasks without one are missing."""
    rows = await session.scalars(select(Escrow).where(Escrow.task_id.in_(task_ids)))
    return {TaskId(Hash32(row.task_id)): row for row in rows}


async def events_of(session: AsyncSession, task_id: TaskId) -> list[EscrowEvent]:
    """A task's events in the chain's order."""
    ordered = (EscrowEvent.block_number, EscrowEvent.log_index)
    return list(await session.scalars(select(EscrowEvent).where(EscrowEvent.task_id == task_id).order_by(*ordered)))


async def owed_to(session: AsyncSession, owner: Address) -> Owed | None:
    """What waits for `owner` to withdraw; None or an amount of 0 where nothing does."""
    return (await session.scalars(select(Owed).where(Owed.owner == owner))).one_or_none()
