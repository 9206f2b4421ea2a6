"""Every SELECT of payments."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.chain.typed_data import ZERO_HASH
from app.database import Address
from app.escrow.models import Escrow, EscrowEvent
from app.relayer.models import Intent

MONEY_EVENTS = (
    "TaskFunded",
    "TaskAwarded",
    "TaskReleased",
    "TaskRefunded",
    "TaskSettled",
    "TaskRuled",
    "ChildReturned",
    "PaymentOwed",
    "Withdrawn",
)


@dataclass(frozen=True)
class MoneyEvent:
    """An event, and who paid and worked in its task."""

    event: EscrowEvent
    escrow: Escrow | None

    @property
    def buyer(self) -> str | None:
        """Whose money the task holds; None for a child, which holds its parent's, and without a task."""
        return None if self.escrow is None or self.escrow.parent != ZERO_HASH else self.escrow.buyer

    @property
    def payee(self) -> str | None:
        """Who is paid for the work."""
        return None if self.escrow is None else self.escrow.payee


async def money_events(
    session: AsyncSession, address: Address, after: tuple[Any, ...] | None, limit: int
) -> list[MoneyEvent]:
    """At most `limit` events that may have moved the address's money, newest first, from below `after`."""
    paid_in = and_(Escrow.buyer == address, Escrow.parent == ZERO_HASH)
    mine = or_(paid_in, Escrow.payee == address, EscrowEvent.owner == address)
    found = (
        select(EscrowEvent, Escrow)
        .outerjoin(Escrow, Escrow.task_id == EscrowEvent.task_id)
        .where(EscrowEvent.name.in_(MONEY_EVENTS), mine)
    )
    if after is not None:
        found = found.where(tuple_(EscrowEvent.block_number, EscrowEvent.log_index) < after)
    newest = found.order_by(EscrowEvent.block_number.desc(), EscrowEvent.log_index.desc()).limit(limit)
    return [MoneyEvent(event, escrow) for event, escrow in await session.execute(newest)]


async def withdrawals_tried(session: AsyncSession, key_prefix: str) -> list[Intent]:
    """The intents whose key begins so, oldest first."""
    found = select(Intent).where(Intent.verb == "withdraw", Intent.key.startswith(key_prefix, autoescape=True))
    return list(await session.scalars(found.order_by(Intent.created_at)))
