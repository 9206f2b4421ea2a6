"""Whether an account's own policy lets it spend. Amounts are base units.

A policy binds what this platform carries. A signed intent can be carried by anyone: who holds the key is bound by
nothing but himself.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.errors import ApprovalNeeded, SpendRefused


class ApprovalState(StrEnum):
    """`revoked` was approved before; nothing more is sent for its task."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Limits:
    """None means no limit."""

    per_task: int | None = None
    per_day: int | None = None
    approve_above: int | None = None
    agents: Collection[str] | None = None
    capabilities: Collection[str] | None = None


@dataclass(frozen=True)
class Payment:
    """What is to be spent: on which task, on whom (None where anybody may win it), for what."""

    task_id: str
    amount: int
    agent: str | None
    capability: str


def may_spend(limits: Limits, payment: Payment, spent_today: int) -> None:
    """Raises SpendRefused naming the broken rule."""
    if limits.per_task is not None and payment.amount > limits.per_task:
        raise SpendRefused(rule="per_task", limit=str(limits.per_task))
    if limits.per_day is not None and spent_today + payment.amount > limits.per_day:
        raise SpendRefused(rule="per_day", limit=str(limits.per_day))
    if limits.agents is not None and payment.agent not in limits.agents:
        raise SpendRefused(rule="agents", limit="the policy's list")
    if limits.capabilities is not None and payment.capability not in limits.capabilities:
        raise SpendRefused(rule="capabilities", limit="the policy's list")


def may_spend_without_asking(limits: Limits, payment: Payment, approved: int | None, *, revoked: bool) -> None:
    """`approved` is what was approved for the task, if anything. Raises ApprovalNeeded, SpendRefused."""
    if revoked:
        raise SpendRefused(rule="revoked", limit="0")
    if limits.approve_above is None or payment.amount <= limits.approve_above:
        return
    if approved is None or payment.amount > approved:
        raise ApprovalNeeded(amount=str(payment.amount), above=str(limits.approve_above))


def may_decide(rank: int, until: datetime | None, escalates_at: datetime, now: datetime) -> bool:
    """Whether an approver of this rank, whose right may end, has his say now."""
    return (until is None or now < until) and (rank == 1 or now >= escalates_at)
