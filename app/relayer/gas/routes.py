"""What an account's gas may cost the platform: GET /v1/gas, and the invites that add to it."""

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.relayer.gas import books
from app.relayer.gas.books import Standing
from app.web.dependencies import CurrentAccount, CurrentSettings, DbSession
from app.web.fields import Text, WireModel
from app.web.mutating_route import MutatingRoute

router = APIRouter(prefix="/v1/gas", tags=["gas"], route_class=MutatingRoute)


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
