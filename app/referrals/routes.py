"""/v1/referrals: codes, who named whom, what accrued; for operators what is to be paid out, and the proof of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from app.database import TxHash
from app.referrals import actions, paying, queries
from app.referrals.paying import Ledger
from app.referrals.rules import Offered
from app.referrals.schemas import (
    AccrualView,
    CodeView,
    Naming,
    PayoutView,
    Proof,
    ReferralsView,
    ReferrerView,
    accrual_view,
    payout_view,
    referrals_view,
    referrer_view,
)
from app.web.dependencies import (
    CurrentCaller,
    CurrentChain,
    CurrentDeployment,
    CurrentOperator,
    CurrentSettings,
    DbSession,
)
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1/referrals", tags=["referrals"], route_class=MutatingRoute)
operations = APIRouter(prefix="/v1/operations/referral-payouts", tags=["operations"], route_class=MutatingRoute)


def current_offer(settings: CurrentSettings) -> Offered:
    """What this deployment gives to referrers."""
    return actions.offered_by(settings)


def current_ledger(chain: CurrentChain, deployment: CurrentDeployment, settings: CurrentSettings) -> Ledger:
    """The chain as payouts are proven by it."""
    return Ledger(chain, deployment, settings.rpc_quorum)


CurrentOffer = Annotated[Offered, Depends(current_offer)]
CurrentLedger = Annotated[Ledger, Depends(current_ledger)]


@router.get("")
async def read_referrals(session: DbSession, caller: CurrentCaller, offered: CurrentOffer) -> ReferralsView:
    """The account's code and sums, and whom it named itself."""
    code = await queries.code_of(session, caller.account)
    referral = await queries.referral_of(session, caller.account)
    return referrals_view(offered, code, referral, await queries.totals(session, caller.account))


@router.get("/accruals")
async def list_accruals(session: DbSession, caller: CurrentCaller, page: Paging) -> Page[AccrualView]:
    """What accrued to the account, task by task, newest first. Only what is final is here."""
    rows = await queries.accruals_of(session, caller.account, page.after("int", "hash"), page.limit + 1)
    return page_of(rows, page, key=lambda row: (row.ended_at, row.task_id), wire=accrual_view)


@router.put("/code")
async def make_code(session: DbSession, caller: CurrentCaller, offered: CurrentOffer) -> CodeView:
    """The code by which new accounts name this one; always the same."""
    return CodeView(code=(await actions.make_code(session, caller.account, offered)).code)


@router.put("/referrer")
async def name_referrer(body: Naming, session: DbSession, caller: CurrentCaller, offered: CurrentOffer) -> ReferrerView:
    """Says who brought this account: once, while it is new, and never itself."""
    return referrer_view(await actions.name_referrer(session, caller.account, body.code, offered))


@operations.post("")
async def plan_payouts(session: DbSession, operator: CurrentOperator, settings: CurrentSettings) -> list[PayoutView]:
    """For operators: makes the list of what is to be sent now, and answers what is new in it."""
    made = await paying.plan(session, operator, settings.referral_payout_least)
    return [payout_view(each) for each in made]


@operations.get("")
async def list_payouts(
    session: DbSession, _operator: CurrentOperator, page: Paging, only_open: bool = False
) -> Page[PayoutView]:
    """For operators: payouts, newest first; `only_open` leaves out those that are paid."""
    rows = await queries.payouts(session, page.after("time", "uuid"), page.limit + 1, only_open=only_open)
    return page_of(rows, page, key=lambda row: (row.made_at, row.id), wire=payout_view)


@operations.put("/{payout_id}")
async def prove_payout(
    payout_id: UUID, body: Proof, session: DbSession, operator: CurrentOperator, ledger: CurrentLedger
) -> PayoutView:
    """For operators: names the transaction that paid it. It counts once the chain says the same for good."""
    proven = await paying.prove(session, ledger, payout_id, TxHash(body.tx_hash), operator)
    return payout_view(proven)
