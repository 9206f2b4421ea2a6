"""Whether an account's own policy lets it spend. Amounts are base units.

A policy binds what this platform carries. A signed intent can be carried by anyone: who holds the key is bound by
nothing but himself.
"""

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.errors import ApprovalNeeded, SpendRefused
from app.money import WHOLE_BPS


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
    per_month: int | None = None
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


@dataclass(frozen=True)
class Spent:
    """What an account spent in a day and in a month (UTC), in base units."""

    today: int
    month: int

    def plus(self, amount: int) -> "Spent":
        return Spent(self.today + amount, self.month + amount)


@dataclass(frozen=True)
class Alert:
    """A budget of which a payment took so much that its owner wants to know."""

    window: str
    spent: int
    limit: int


def alerts(limits: Limits, before: Spent, after: Spent, alert_bps: int) -> list[Alert]:
    """The budgets that `after` has reached to `alert_bps` of their limit, and that `before` had not."""
    found = []
    for window, limit, was, now in (
        ("day", limits.per_day, before.today, after.today),
        ("month", limits.per_month, before.month, after.month),
    ):
        if limit is not None and was * WHOLE_BPS < limit * alert_bps <= now * WHOLE_BPS:
            found.append(Alert(window, now, limit))
    return found


@dataclass(frozen=True)
class Forecast:
    """What a month would come to at the pace of the days before: `exceeds_on` is the first day on which the monthly
    budget would not do, None where it would."""

    month: int
    exceeds_on: date | None


def forecast(spent: Spent, mean_per_day: int, today: date, per_month: int | None) -> Forecast:
    """The rest of the month, day by day, at the mean of the last weeks."""
    days = monthrange(today.year, today.month)[1]
    total, exceeds_on = spent.month, None
    if per_month is not None and total > per_month:
        exceeds_on = today
    for day in range(today.day + 1, days + 1):
        total += mean_per_day
        if per_month is not None and total > per_month and exceeds_on is None:
            exceeds_on = today.replace(day=day)
    return Forecast(total, exceeds_on)


def may_spend(limits: Limits, payment: Payment, spent: Spent) -> None:
    """Raises SpendRefused naming the broken rule."""
    after = spent.plus(payment.amount)
    if limits.per_task is not None and payment.amount > limits.per_task:
        raise SpendRefused(rule="per_task", limit=str(limits.per_task))
    if limits.per_day is not None and after.today > limits.per_day:
        raise SpendRefused(rule="per_day", limit=str(limits.per_day))
    if limits.per_month is not None and after.month > limits.per_month:
        raise SpendRefused(rule="per_month", limit=str(limits.per_month))
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
