"""/v1/spending/policy: an account's own limits; /v1/approvals: asking, deciding, lending, taking back."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from app.database import Address
from app.errors import NotFound
from app.spending import actions, queries
from app.spending.models import Approval
from app.spending.rules import forecast
from app.spending.schemas import (
    ApprovalAsked,
    ApprovalHistory,
    ApprovalOut,
    Delegation,
    ForecastOut,
    PolicyIn,
    PolicyOut,
)
from app.web.dependencies import CurrentAccount, DbSession
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1", tags=["spending"], route_class=MutatingRoute)


@router.put("/spending/policy")
async def put_policy(body: PolicyIn, session: DbSession, account: CurrentAccount) -> PolicyOut:
    """The account's limits, in the place of those before. They bind what this platform carries for it."""
    await actions.set_policy(session, account, body.policy())
    await session.flush()
    return await read(session, account)


@router.get("/spending/policy")
async def get_policy(session: DbSession, account: CurrentAccount) -> PolicyOut:
    """The account's limits, who approves, and what it has spent today."""
    return await read(session, account)


@router.get("/spending/forecast")
async def get_forecast(session: DbSession, account: CurrentAccount) -> ForecastOut:
    """What this month would come to at the pace of the last weeks, beside the account's own budget."""
    policy = await queries.policy_of(session, account)
    spent, mean = await queries.spent_by(session, account), await queries.mean_per_day(session, account)
    per_month = None if policy is None or policy.per_month is None else int(policy.per_month)
    found = forecast(spent, mean, await queries.today(session), per_month)
    return ForecastOut(
        spent_today=spent.today,
        spent_this_month=spent.month,
        mean_per_day=mean,
        month=found.month,
        per_month=per_month,
        exceeds_on=found.exceeds_on,
    )


@router.post("/approvals", status_code=status.HTTP_201_CREATED)
async def ask(body: ApprovalAsked, session: DbSession, account: CurrentAccount) -> ApprovalOut:
    """Asks the account's approvers for a task's money; the same, while it waits, is one."""
    return ApprovalOut.of(await actions.ask(session, account, body.task_id, body.amount))


@router.get("/approvals")
async def list_approvals(session: DbSession, account: CurrentAccount, paging: Paging) -> Page[ApprovalOut]:
    """One's own, and those on which one may have a say, newest first."""
    found = await queries.seen_by(session, account, paging.after("time", "uuid"), paging.limit + 1)
    return page_of(list(found), paging, key=place_of, wire=ApprovalOut.of)


@router.get("/approvals/{approval_id}")
async def get_approval(approval_id: UUID, session: DbSession, account: CurrentAccount) -> ApprovalHistory:
    """With all that was done about it."""
    found = await actions.locked(session, approval_id, account)
    return ApprovalHistory.told(found, await queries.acts_of(session, approval_id))


@router.post("/approvals/{approval_id}/approve")
async def approve(approval_id: UUID, session: DbSession, account: CurrentAccount) -> ApprovalOut:
    """Yes, by an approver, in time."""
    return ApprovalOut.of(await actions.decide(session, approval_id, account, yes=True))


@router.post("/approvals/{approval_id}/refuse")
async def refuse(approval_id: UUID, session: DbSession, account: CurrentAccount) -> ApprovalOut:
    """No, by an approver, in time."""
    return ApprovalOut.of(await actions.decide(session, approval_id, account, yes=False))


@router.post("/approvals/{approval_id}/revocation")
async def revoke(approval_id: UUID, session: DbSession, account: CurrentAccount) -> ApprovalOut:
    """Takes it back, at any time: what was not sent yet is not sent, and the task gets no more money from here."""
    return ApprovalOut.of(await actions.revoke(session, approval_id, account))


@router.post("/approvals/delegations", status_code=status.HTTP_204_NO_CONTENT)
async def delegate(body: Delegation, session: DbSession, account: CurrentAccount) -> Response:
    """Lends the asker's own right for a while."""
    await actions.delegate(session, body.account, account, body.to, body.until)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


async def read(session: DbSession, account: Address) -> PolicyOut:
    """Raises NotFound."""
    policy = await queries.policy_of(session, account)
    if policy is None:
        raise NotFound(kind="spend policy")
    approvers, spent = await queries.approvers_of(session, account), await queries.spent_by(session, account)
    return PolicyOut.of(policy, approvers, spent)


def place_of(approval: Approval) -> tuple[object, ...]:
    return approval.asked_at, approval.id
