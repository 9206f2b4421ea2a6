"""/v1/payments: one's own history; /v1/owed: what failed pushes left behind."""

from fastapi import APIRouter, status

from app.errors import PaymentsNotYours
from app.escrow.queries import chain_clock, owed_to
from app.payments import actions, queries
from app.payments.schemas import OwedOut, PaymentOut, Withdrawal, WithdrawAsked, owed_out, payments_out
from app.relayer.schemas import IntentOut
from app.web.dependencies import CurrentAccount, CurrentDeployment, DbSession
from app.web.fields import AddressField
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, encode_cursor

router = APIRouter(prefix="/v1", tags=["payments"], route_class=MutatingRoute)


@router.get("/payments")
async def list_payments(
    session: DbSession, account: CurrentAccount, page: Paging, address: AddressField | None = None
) -> Page[PaymentOut]:
    """The account's movements, newest first. A page holds those of `limit` events, which may be more or fewer."""
    owner = address or account
    if owner != account:
        raise PaymentsNotYours(address=owner)
    clock = await chain_clock(session)
    rows = await queries.money_events(session, owner, page.after("int", "int"), page.limit + 1)
    shown = rows[: page.limit]
    items = [payment for row in shown for payment in payments_out(row, owner, clock)]
    last = shown[-1].event if len(rows) > page.limit else None
    return Page(items=items, next_cursor=last and encode_cursor((last.block_number, last.log_index)))


@router.get("/owed/{address}")
async def read_owed(address: AddressField, session: DbSession) -> OwedOut:
    """What waits for an address; the chain shows it to everybody."""
    return owed_out(address, await owed_to(session, address), await chain_clock(session))


@router.post("/owed/{address}/withdraw", status_code=status.HTTP_202_ACCEPTED)
async def withdraw(
    address: AddressField, _: WithdrawAsked, session: DbSession, account: CurrentAccount, deployment: CurrentDeployment
) -> Withdrawal:
    """Sends what is owed to its owner, whoever asks."""
    return Withdrawal(intent=IntentOut.of(await actions.withdraw(session, deployment, account, address)))
