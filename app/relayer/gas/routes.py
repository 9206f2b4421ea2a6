"""What an account's gas may cost the platform: GET /v1/gas, and the invites that add to it."""

from datetime import timedelta
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.relayer.gas import books
from app.relayer.gas.books import Standing
from app.web.dependencies import CurrentAccount, CurrentOperator, CurrentSettings, DbSession
from app.web.fields import Amount, Text, WireModel
from app.web.mutating_route import MutatingRoute

router = APIRouter(prefix="/v1/gas", tags=["gas"], route_class=MutatingRoute)
operations = APIRouter(prefix="/v1/operations/gas", tags=["operations"], route_class=MutatingRoute)
MAX_INVITE_WEI = 10**20


class GasView(BaseModel):
    """Wei. What a task's own fee pays for is not in it; below zero nothing more is paid."""

    credit: str
    charged: str
    in_flight: str

    @classmethod
    def of(cls, standing: Standing, start_wei: int) -> Self:
        credit = start_wei + standing.credit
        return cls(credit=str(credit), charged=str(standing.charged), in_flight=str(standing.in_flight))


class Invite(WireModel):
    code: Annotated[Text, Field(min_length=1, max_length=100)]


@router.get("")
async def read_gas(session: DbSession, account: CurrentAccount, settings: CurrentSettings) -> GasView:
    """The account's credit for gas, what was charged to it, and what of its intents is not mined yet."""
    found = await books.standings(session, [account])
    return GasView.of(found.get(account, Standing(0, 0, 0)), settings.gas_start_wei)


@router.post("/invites")
async def redeem_invite(
    body: Invite, session: DbSession, account: CurrentAccount, settings: CurrentSettings
) -> GasView:
    """Adds what an invite gives; again changes nothing."""
    await books.redeem(session, body.code, account)
    found = await books.standings(session, [account])
    return GasView.of(found[account], settings.gas_start_wei)


class GasDay(BaseModel):
    """Wei, of this UTC day: what the platform may pay for all together, and what is spent of it."""

    budget: str
    spent: str


class WantedInvite(WireModel):
    """What the code gives, and for how long it can be redeemed."""

    wei: Annotated[Amount, Field(gt=0, le=MAX_INVITE_WEI)]
    days: Annotated[int, Field(strict=True, ge=1, le=366)] = 30


class MadeInvite(BaseModel):
    """`code` is told this once."""

    code: str


@operations.get("")
async def read_gas_day(session: DbSession, _operator: CurrentOperator, settings: CurrentSettings) -> GasDay:
    """For operators: what is left of the day."""
    return GasDay(budget=str(settings.gas_day_wei), spent=str(await books.spent_today(session)))


@operations.post("/invite-codes")
async def make_invite(body: WantedInvite, session: DbSession, _operator: CurrentOperator) -> MadeInvite:
    """For operators: a code that gives so much gas to the first account that redeems it."""
    return MadeInvite(code=await books.make_invite(session, body.wei, timedelta(days=body.days)))
