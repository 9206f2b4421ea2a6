"""Wire shapes of policies and approvals."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from app.spending.actions import Policy
from app.spending.models import Approval, ApprovalAct, Approver, SpendPolicy
from app.spending.rules import ApprovalState, Limits, Spent
from app.web.fields import AddressField, Amount, Capability, TaskIdField, WireModel

MOST = 100
DAY_SECONDS = 86_400


class PolicyIn(WireModel):
    """What is left out is not limited. When `alert_bps` of a budget are spent it is announced to the account. Above
    `approve_above` one of `approvers` says yes within `approval_seconds`; after half of it `second_approvers` may, too.
    """

    per_task: Amount | None = None
    per_day: Amount | None = None
    per_month: Amount | None = None
    alert_bps: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 8_000
    approve_above: Amount | None = None
    approval_seconds: Annotated[int, Field(strict=True, ge=60, le=30 * DAY_SECONDS)] = DAY_SECONDS
    agents: Annotated[list[AddressField], Field(max_length=MOST)] | None = None
    capabilities: Annotated[list[Capability], Field(max_length=MOST)] | None = None
    approvers: Annotated[list[AddressField], Field(max_length=MOST, default_factory=list)]
    second_approvers: Annotated[list[AddressField], Field(max_length=MOST, default_factory=list)]

    def policy(self) -> Policy:
        budgets = {"per_task": self.per_task, "per_day": self.per_day, "per_month": self.per_month}
        limits = Limits(**budgets, approve_above=self.approve_above, agents=self.agents, capabilities=self.capabilities)
        return Policy(limits, self.approval_seconds, self.alert_bps, self.approvers, self.second_approvers)


class ForecastOut(BaseModel):
    """Of this month (UTC), at the mean of the four weeks before: what it would come to, and the first day on which the
    monthly budget would not do, null where it would or there is none."""

    spent_today: Amount
    spent_this_month: Amount
    mean_per_day: Amount
    month: Amount
    per_month: Amount | None
    exceeds_on: date | None


class ApproverOut(BaseModel):
    """`delegated_by` lent his right, until `until`; rank 2 has a say after half the time."""

    approver: AddressField
    rank: int
    delegated_by: AddressField | None
    until: datetime | None


class PolicyOut(BaseModel):
    per_task: Amount | None
    per_day: Amount | None
    per_month: Amount | None
    alert_bps: int
    spent_today: Amount
    spent_this_month: Amount
    approve_above: Amount | None
    approval_seconds: int
    agents: list[AddressField] | None
    capabilities: list[str] | None
    approvers: list[ApproverOut]

    @classmethod
    def of(cls, policy: SpendPolicy, approvers: Sequence[Approver], spent: Spent) -> Self:
        return cls(
            per_task=policy.per_task,
            per_day=policy.per_day,
            per_month=policy.per_month,
            alert_bps=policy.alert_bps,
            spent_today=spent.today,
            spent_this_month=spent.month,
            approve_above=policy.approve_above,
            approval_seconds=policy.approval_seconds,
            agents=policy.agents,
            capabilities=policy.capabilities,
            approvers=[ApproverOut.model_validate(each, from_attributes=True) for each in approvers],
        )


class ApprovalAsked(WireModel):
    task_id: TaskIdField
    amount: Amount


class ApprovalOut(BaseModel):
    """`expires_at`: who did not say yes until then is asked again."""

    id: UUID
    account: AddressField
    task_id: str
    amount: Amount
    state: ApprovalState
    asked_at: datetime
    escalates_at: datetime
    expires_at: datetime
    decided_by: AddressField | None
    decided_at: datetime | None

    @classmethod
    def of(cls, approval: Approval) -> Self:
        return cls.model_validate(approval, from_attributes=True)


class Act(BaseModel):
    actor: AddressField
    act: str
    at: datetime


class ApprovalHistory(ApprovalOut):
    history: list[Act]

    @classmethod
    def told(cls, approval: Approval, acts: Sequence[ApprovalAct]) -> Self:
        history = [Act.model_validate(each, from_attributes=True) for each in acts]
        return cls(**ApprovalOut.of(approval).model_dump(), history=history)


class Delegation(WireModel):
    """Lends the asker's right over `account` to another, until then."""

    account: AddressField
    to: AddressField
    until: Annotated[AwareDatetime, Field(strict=False)]
