"""Setting a policy, asking for approval, deciding, lending one's right, taking an approval back. Nothing commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.clock import TODAY, database_now
from app.database import Address, TaskId
from app.errors import ApprovalClosed, ApprovalNotYours, NotFound, OwnApprover
from app.relayer import actions as relayer
from app.relayer.rules import Failure
from app.spending import queries
from app.spending.models import Approval, ApprovalAct, Approver, Spend, SpendPolicy
from app.spending.queries import standing_of
from app.spending.rules import (
    ApprovalState,
    Limits,
    Payment,
    Spent,
    alerts,
    may_decide,
    may_spend,
    may_spend_without_asking,
)


@dataclass(frozen=True)
class Policy:
    """What an account wants of itself; it is told when `alert_bps` of a budget are spent. `second` approvers have a say
    after half of `approval_seconds`."""

    limits: Limits
    approval_seconds: int
    alert_bps: int = 8_000
    approvers: Sequence[Address] = ()
    second: Sequence[Address] = ()


async def set_policy(session: AsyncSession, account: Address, wanted: Policy) -> None:
    """In the place of the one before; lent rights end with it. Raises OwnApprover."""
    if account in (*wanted.approvers, *wanted.second):
        raise OwnApprover
    limits = wanted.limits
    values = {
        "per_task": limits.per_task,
        "per_day": limits.per_day,
        "per_month": limits.per_month,
        "alert_bps": wanted.alert_bps,
        "approve_above": limits.approve_above,
        "agents": None if limits.agents is None else sorted(limits.agents),
        "capabilities": None if limits.capabilities is None else sorted(limits.capabilities),
        "approval_seconds": wanted.approval_seconds,
        "updated_at": func.clock_timestamp(),
    }
    fresh = insert(SpendPolicy).values(account=account, **values)
    await session.execute(fresh.on_conflict_do_update(index_elements=[SpendPolicy.account], set_=values))
    await session.execute(delete(Approver).where(Approver.account == account))
    ranks = {**dict.fromkeys(wanted.second, 2), **dict.fromkeys(wanted.approvers, 1)}
    session.add_all([Approver(account=account, approver=each, rank=rank) for each, rank in ranks.items()])


async def allow(session: AsyncSession, account: Address, payment: Payment, *, beside: int = 0) -> None:
    """Raises SpendRefused and ApprovalNeeded by the account's own policy; nothing without one. `beside` is what the
    same signature pays for other tasks."""
    policy = await queries.policy_of(session, account, locked=True)
    if policy is None:
        return
    limits = limits_of(policy)
    may_spend(limits, payment, (await queries.spent_by(session, account)).plus(beside))
    approved, revoked = standing_of(await queries.approvals_of(session, account, payment.task_id))
    may_spend_without_asking(limits, payment, approved, revoked=revoked)


async def allow_hire(session: AsyncSession, account: Address, task_id: TaskId, agent: Address, capability: str) -> None:
    """Raises SpendRefused where the account's own policy does not hire this agent, or not for this; what money is in
    the escrow already counts no more."""
    policy = await queries.policy_of(session, account)
    if policy is not None:
        whom = Limits(agents=policy.agents, capabilities=policy.capabilities)
        may_spend(whom, Payment(task_id, 0, agent, capability), Spent(0, 0))


async def record(session: AsyncSession, intent_id: UUID, account: Address, amount: int) -> None:
    """What an intent would take; said again, the first stays. Tells the account of a budget that comes to its end."""
    policy = await queries.policy_of(session, account)
    before = None if policy is None else await queries.spent_by(session, account)
    fresh = insert(Spend).values(intent_id=intent_id, account=account, amount=amount, day=TODAY)
    stored = await session.execute(fresh.on_conflict_do_nothing().returning(Spend.intent_id))
    if policy is None or before is None or stored.one_or_none() is None:
        return
    for alert in alerts(limits_of(policy), before, before.plus(amount), policy.alert_bps):
        facts = {"window": alert.window, "spent": str(alert.spent), "limit": str(alert.limit)}
        await announce(session, "spending.alert", f"account:{account}", facts)


async def ask(session: AsyncSession, account: Address, task_id: TaskId, amount: int) -> Approval:
    """Asks the account's approvers; while one waits, the same is given back. Raises NotFound without a policy."""
    policy = await queries.policy_of(session, account, locked=True)
    if policy is None:
        raise NotFound(kind="spend policy")
    now = await database_now(session)
    for open_ in await queries.approvals_of(session, account, task_id):
        if open_.state == ApprovalState.PENDING and open_.expires_at > now and int(open_.amount) == amount:
            return open_
    half = timedelta(seconds=policy.approval_seconds / 2)
    asked = Approval(
        id=uuid4(),
        account=account,
        task_id=task_id,
        amount=amount,
        state=ApprovalState.PENDING,
        asked_at=now,
        escalates_at=now + half,
        expires_at=now + 2 * half,
    )
    session.add(asked)
    await session.flush()
    await note(session, asked, account, "asked")
    return asked


async def decide(session: AsyncSession, approval_id: UUID, actor: Address, *, yes: bool) -> Approval:
    """Raises NotFound for who has no say at all, ApprovalNotYours before or after his time, ApprovalClosed."""
    found, now = await locked(session, approval_id, actor), await database_now(session)
    right = await queries.right_of(session, found.account, actor)
    if right is None or not may_decide(right.rank, right.until, found.escalates_at, now):
        raise ApprovalNotYours
    if found.state != ApprovalState.PENDING or found.expires_at <= now:
        raise ApprovalClosed(state=found.state if found.state != ApprovalState.PENDING else "expired")
    found.state = ApprovalState.APPROVED if yes else ApprovalState.REFUSED
    found.decided_by, found.decided_at = actor, now
    await note(session, found, actor, found.state)
    return found


async def revoke(session: AsyncSession, approval_id: UUID, actor: Address) -> Approval:
    """Takes an approval back, by its account or who may decide: what was not sent is not sent any more.

    Raises NotFound, ApprovalClosed.
    """
    found = await locked(session, approval_id, actor)
    if found.state not in (ApprovalState.APPROVED, ApprovalState.PENDING):
        raise ApprovalClosed(state=found.state)
    found.state, found.decided_by, found.decided_at = ApprovalState.REVOKED, actor, await database_now(session)
    for intent in await queries.unsent(session, found.account, found.task_id):
        await relayer.fail(session, intent, Failure.APPROVAL_REVOKED, {"text": "its approval was taken back"})
    await note(session, found, actor, "revoked")
    return found


async def delegate(session: AsyncSession, account: Address, actor: Address, to: Address, until: datetime) -> None:
    """Lends one's own right for a while. A lent right cannot be lent on. Raises ApprovalNotYours."""
    right = await queries.right_of(session, account, actor)
    if right is None or right.delegated_by is not None or to in (account, actor):
        raise ApprovalNotYours
    values = {"rank": right.rank, "delegated_by": actor, "until": until}
    lent = insert(Approver).values(account=account, approver=to, **values)
    mine = Approver.delegated_by.is_not(None)  # who has the right himself keeps it
    await session.execute(
        lent.on_conflict_do_update(index_elements=[Approver.account, Approver.approver], set_=values, where=mine)
    )


async def locked(session: AsyncSession, approval_id: UUID, actor: Address) -> Approval:
    """Raises NotFound for whom it does not concern."""
    found = await queries.approval(session, approval_id, locked=True)
    if found is None or (found.account != actor and await queries.right_of(session, found.account, actor) is None):
        raise NotFound(kind="approval")
    return found


async def note(session: AsyncSession, approval: Approval, actor: Address, act: str) -> None:
    """The history, and whoever listens."""
    session.add(ApprovalAct(approval_id=approval.id, actor=actor, act=act, at=await database_now(session)))
    facts = {"approval_id": str(approval.id), "amount": str(approval.amount), "by": actor}
    await announce(session, f"approval.{act}", f"task:{approval.task_id}", facts)


def limits_of(policy: SpendPolicy) -> Limits:
    def amount(value: int | None) -> int | None:
        return None if value is None else int(value)

    return Limits(
        per_task=amount(policy.per_task),
        per_day=amount(policy.per_day),
        per_month=amount(policy.per_month),
        approve_above=amount(policy.approve_above),
        agents=policy.agents,
        capabilities=policy.capabilities,
    )
