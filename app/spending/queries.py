"""Every SELECT of policies and approvals."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Integer, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import TODAY
from app.database import Address
from app.relayer.models import Intent
from app.spending.models import Approval, ApprovalAct, Approver, Spend, SpendPolicy
from app.spending.rules import ApprovalState, Spent

PACE_DAYS = 28


async def policy_of(session: AsyncSession, account: Address, *, locked: bool = False) -> SpendPolicy | None:
    """Locked, two payments at once are judged one after the other."""
    wanted = select(SpendPolicy).where(SpendPolicy.account == account)
    return (await session.scalars(wanted.with_for_update() if locked else wanted)).one_or_none()


async def spent_by(session: AsyncSession, account: Address) -> Spent:
    """By what was asked for on this day and in this month (UTC) and has not failed."""
    this_day = func.coalesce(func.sum(case((Spend.day == TODAY, Spend.amount))), 0)
    this_month = func.coalesce(func.sum(Spend.amount), 0)
    total = (
        select(this_day.label("this_day"), this_month.label("this_month"))
        .join(Intent, Intent.id == Spend.intent_id)
        .where(Spend.account == account, Spend.day >= func.date_trunc("month", TODAY), Intent.state != "failed")
    )
    found = (await session.execute(total)).one()
    return Spent(int(found.this_day), int(found.this_month))


async def mean_per_day(session: AsyncSession, account: Address) -> int:
    """Of the four weeks before today, or of the days since the first spending within them; rounded down."""
    days = cast(func.max(TODAY - Spend.day), Integer).label("days")
    total = (
        select(func.coalesce(func.sum(Spend.amount), 0).label("spent"), days)
        .join(Intent, Intent.id == Spend.intent_id)
        .where(Spend.account == account, Intent.state != "failed")
        .where(Spend.day < TODAY, Spend.day >= TODAY - timedelta(days=PACE_DAYS))
    )
    found = (await session.execute(total)).one()
    return 0 if not found.days else int(found.spent) // int(found.days)


async def today(session: AsyncSession) -> date:
    """The database's, in UTC."""
    found = (await session.execute(select(TODAY))).scalar_one()
    assert isinstance(found, date)
    return found


async def approvals_of(session: AsyncSession, account: Address, task_id: str) -> Sequence[Approval]:
    """Of one task, newest first."""
    wanted = select(Approval).where(Approval.account == account, Approval.task_id == task_id)
    return (await session.scalars(wanted.order_by(Approval.asked_at.desc(), Approval.id))).all()


async def approval(session: AsyncSession, approval_id: UUID, *, locked: bool = False) -> Approval | None:
    wanted = select(Approval).where(Approval.id == approval_id)
    return (await session.scalars(wanted.with_for_update() if locked else wanted)).one_or_none()


async def right_of(session: AsyncSession, account: str, approver: Address) -> Approver | None:
    """Somebody's right to approve for an account."""
    wanted = select(Approver).where(Approver.account == account, Approver.approver == approver)
    return (await session.scalars(wanted)).one_or_none()


async def approvers_of(session: AsyncSession, account: Address) -> Sequence[Approver]:
    wanted = select(Approver).where(Approver.account == account).order_by(Approver.rank, Approver.approver)
    return (await session.scalars(wanted)).all()


async def seen_by(
    session: AsyncSession, viewer: Address, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Approval]:
    """One's own, and those on which one may have a say, newest first."""
    theirs = select(Approver.account).where(
        Approver.approver == viewer, or_(Approver.until.is_(None), Approver.until > func.clock_timestamp())
    )
    wanted = select(Approval).where(or_(Approval.account == viewer, Approval.account.in_(theirs)))
    if after is not None:
        asked_at, approval_id = after
        wanted = wanted.where(
            or_(Approval.asked_at < asked_at, (Approval.asked_at == asked_at) & (Approval.id < approval_id))
        )
    return (await session.scalars(wanted.order_by(Approval.asked_at.desc(), Approval.id.desc()).limit(limit))).all()


async def acts_of(session: AsyncSession, approval_id: UUID) -> Sequence[ApprovalAct]:
    """Oldest first."""
    wanted = select(ApprovalAct).where(ApprovalAct.approval_id == approval_id).order_by(ApprovalAct.id)
    return (await session.scalars(wanted)).all()


async def unsent(session: AsyncSession, account: str, task_id: str) -> Sequence[Intent]:
    """The task's payments that have no transaction yet, locked."""
    wanted = (
        select(Intent)
        .join(Spend, Spend.intent_id == Intent.id)
        .where(Intent.account == account, Intent.task_id == task_id, Intent.tx_hash.is_(None))
        .where(Intent.state.in_(("queued", "simulated")))
        .with_for_update(of=Intent)
    )
    return (await session.scalars(wanted)).all()


def standing_of(found: Sequence[Approval]) -> tuple[int | None, bool]:
    """What is approved of a task, and whether its newest approval was taken back."""
    newest = next((each for each in found if each.state != ApprovalState.PENDING), None)
    if newest is None:
        return None, False
    return (int(newest.amount) if newest.state == ApprovalState.APPROVED else None), (
        newest.state == ApprovalState.REVOKED
    )
