"""Sending what a failed push left owed. Nothing here commits."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.chain import contracts
from app.chain.deployment import Deployment
from app.database import Address
from app.errors import NothingOwed
from app.escrow.queries import owed_to
from app.payments import queries
from app.relayer import actions as relayer
from app.relayer.models import Intent


async def withdraw(session: AsyncSession, deployment: Deployment, account: Address, owner: Address) -> Intent:
    """Has the escrow push what it owes to `owner`, whoever asks. Raises NothingOwed.

    One debt is one intent; when it failed (the owner is still blocked), asking again is a new one.
    """
    owed = await owed_to(session, owner)
    if owed is None or owed.amount == 0:
        raise NothingOwed(owner=owner)
    prefix = f"withdraw:{owner}:{owed.last_block}:"
    failures = sum(1 for tried in await queries.withdrawals_tried(session, prefix) if tried.state == "failed")
    return await relayer.enqueue(
        session,
        key=f"{prefix}{failures}",
        verb="withdraw",
        task_id=None,
        account=account,
        to=deployment.escrow,
        data=contracts.withdraw(owner),
    )
