"""Wire shapes of referrals. Amounts are base units."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.referrals.models import Referral, ReferralAccrual, ReferralCode, ReferralPayout
from app.referrals.queries import Totals
from app.referrals.rules import Offered
from app.web.fields import AddressField, Amount, Hash32Field, TaskIdField, WireModel


class CodeView(BaseModel):
    code: str


class Naming(WireModel):
    code: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


class OfferedView(BaseModel):
    """What a referrer gets of the fees of one account's tasks: a share, up to `cap`, for `days` of the chain. A new
    account names its referrer within `name_days` of its first sign-in."""

    share_bps: int
    cap: Amount
    days: int
    name_days: int


class ReferrerView(BaseModel):
    """Whom the account named, and what he was promised: `until` is unix seconds of the chain."""

    referrer: AddressField
    share_bps: int
    cap: Amount
    until: int
    named_at: datetime


class ReferralsView(BaseModel):
    """`accounts` named this one; what accrued to it is paid, planned for the next payout, or still due."""

    offered: OfferedView
    code: str | None
    referrer: ReferrerView | None
    accounts: int
    accrued: Amount
    paid: Amount
    planned: Amount
    due: Amount


class AccrualView(BaseModel):
    """What a task of an account that named this one brought; `ended_at` is unix seconds of the chain."""

    task_id: TaskIdField
    account: AddressField
    fees: Amount
    amount: Amount
    ended_at: int


class PayoutView(BaseModel):
    """What the owner of the fees sends to `referrer` in one transfer; paid once `tx_hash` was proven."""

    id: UUID
    referrer: AddressField
    amount: Amount
    made_at: datetime
    tx_hash: Hash32Field | None
    block_number: int | None
    paid_at: datetime | None


class Proof(WireModel):
    tx_hash: Hash32Field


def referrals_view(
    offered: Offered, code: ReferralCode | None, referral: Referral | None, found: Totals
) -> ReferralsView:
    return ReferralsView(
        offered=OfferedView(**vars(offered)),
        code=None if code is None else code.code,
        referrer=None if referral is None else referrer_view(referral),
        **vars(found),
        due=found.accrued - found.paid - found.planned,
    )


def referrer_view(referral: Referral) -> ReferrerView:
    return ReferrerView(**{name: getattr(referral, name) for name in ReferrerView.model_fields})


def accrual_view(row: ReferralAccrual) -> AccrualView:
    return AccrualView(**{name: getattr(row, name) for name in AccrualView.model_fields})


def payout_view(row: ReferralPayout) -> PayoutView:
    return PayoutView(**{name: getattr(row, name) for name in PayoutView.model_fields})
