"""Every SELECT of referrals. Amounts are base units."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, Wallet
from app.database import Address, TxHash
from app.escrow.models import Escrow
from app.escrow.queries import ended_in
from app.referrals.models import Referral, ReferralAccrual, ReferralCode, ReferralPayout
from app.referrals.rules import Finished, Newcomer
from app.reputation.queries import RATER, SIDES, with_accounts

Paid = ReferralPayout.tx_hash.is_not(None)


@dataclass(frozen=True)
class Totals:
    """What accrued to a referrer, what of it is paid, and what is about to be."""

    accrued: int
    paid: int
    planned: int
    accounts: int


async def code_of(session: AsyncSession, account: Address) -> ReferralCode | None:
    """An account's code."""
    return await session.get(ReferralCode, account)


async def owner_of(session: AsyncSession, code: str) -> Address | None:
    """The account that a code names: the one that its first wallet is in now."""
    found = select(Wallet.account).join(ReferralCode, ReferralCode.account == Wallet.address)
    owner = (await session.scalars(found.where(ReferralCode.code == code))).one_or_none()
    return None if owner is None else Address(owner)


async def referral_of(session: AsyncSession, account: str) -> Referral | None:
    """Whom an account named."""
    return await session.get(Referral, account)


async def newcomer(session: AsyncSession, account: Address) -> Newcomer:
    """What tells whether an account is new."""
    mine = select(Wallet.address).where(Wallet.account == account)
    took_part = select(Escrow.task_id).where(or_(Escrow.buyer.in_(mine), Escrow.agent.in_(mine))).exists()
    wanted = select(Account.created_at, took_part, Referral.referrer).outerjoin(Referral, Referral.account == account)
    row = (await session.execute(wanted.where(Account.address == account))).one()
    return Newcomer(account, row[0], row[1], row[2])


async def finished(session: AsyncSession, after: int, upto: int) -> list[Finished]:
    """Tasks with fees that ended in the blocks above `after` up to `upto`, in the chain's order."""
    ended = with_accounts(select(Escrow, RATER, *SIDES)).where(ended_in(after, upto), Escrow.fees > 0)
    rows: Any = await session.execute(ended.order_by(Escrow.last_block, Escrow.last_log_index))
    return [
        Finished(
            task_id=escrow.task_id,
            fees=escrow.fees,
            block=escrow.last_block,
            ended_at=escrow.last_timestamp,
            buyer=paying,
            sellers=frozenset(each for each in selling if each is not None),
        )
        for escrow, paying, *selling in rows
    ]


async def referrals_of(session: AsyncSession, accounts: Iterable[str]) -> dict[str, tuple[Referral, str, int]]:
    """Of each account that named somebody: whom, the account that his wallet is in now, and what it brought so far."""
    so_far = select(func.coalesce(func.sum(ReferralAccrual.amount), 0)).where(
        ReferralAccrual.account == Referral.account
    )
    wanted = (
        select(Referral, func.coalesce(Wallet.account, Referral.referrer), so_far.scalar_subquery())
        .outerjoin(Wallet, Wallet.address == Referral.referrer)
        .where(Referral.account.in_(list(accounts)))
    )
    return {row[0].account: (row[0], row[1], int(row[2])) for row in await session.execute(wanted)}


async def totals(session: AsyncSession, referrer: Address) -> Totals:
    """A referrer's sums."""
    accrued = select(func.coalesce(func.sum(ReferralAccrual.amount), 0)).where(ReferralAccrual.referrer == referrer)
    sent = select(func.coalesce(func.sum(ReferralPayout.amount), 0)).where(ReferralPayout.referrer == referrer)
    named = select(func.count()).where(Referral.referrer == referrer)
    parts = (accrued, sent.where(Paid), sent.where(~Paid), named)
    row: Any = (await session.execute(select(*(each.scalar_subquery() for each in parts)))).one()
    return Totals(*map(int, row))


async def accruals_of(
    session: AsyncSession, referrer: Address, after: tuple[Any, ...] | None, limit: int
) -> Sequence[ReferralAccrual]:
    """What accrued to a referrer, newest first, from below the key `after`."""
    row = ReferralAccrual
    wanted = select(row).where(row.referrer == referrer)
    if after is not None:
        wanted = wanted.where(tuple_(row.ended_at, row.task_id) < after)
    return (await session.scalars(wanted.order_by(row.ended_at.desc(), row.task_id.desc()).limit(limit))).all()


async def locked_codes(session: AsyncSession) -> None:
    """Takes every referrer's row, so that payouts are planned one round after the other."""
    await session.execute(select(ReferralCode.account).order_by(ReferralCode.account).with_for_update())


async def due(session: AsyncSession, least: int) -> list[tuple[Address, int]]:
    """Referrers with at least so much that accrued and stands in no payout, where no payout of theirs is open."""
    planned = (
        select(
            ReferralPayout.referrer,
            func.sum(ReferralPayout.amount).label("amount"),
            func.bool_or(~Paid).label("is_open"),
        )
        .group_by(ReferralPayout.referrer)
        .subquery()
    )
    left = func.sum(ReferralAccrual.amount) - func.coalesce(func.max(planned.c.amount), 0)
    wanted = (
        select(ReferralAccrual.referrer, left)
        .outerjoin(planned, planned.c.referrer == ReferralAccrual.referrer)
        .where(func.coalesce(planned.c.is_open, False).is_(False))
        .group_by(ReferralAccrual.referrer)
        .having(left >= least)
        .order_by(ReferralAccrual.referrer)
    )
    return [(referrer, int(amount)) for referrer, amount in await session.execute(wanted)]


async def payouts(
    session: AsyncSession, after: tuple[Any, ...] | None, limit: int, *, only_open: bool
) -> Sequence[ReferralPayout]:
    """Payouts, newest first, from below the key `after`."""
    row = ReferralPayout
    wanted = select(row).where(~Paid) if only_open else select(row)
    if after is not None:
        wanted = wanted.where(tuple_(row.made_at, row.id) < after)
    return (await session.scalars(wanted.order_by(row.made_at.desc(), row.id.desc()).limit(limit))).all()


async def locked_payout(session: AsyncSession, payout_id: UUID) -> ReferralPayout | None:
    """One payout, locked until the transaction ends."""
    wanted = select(ReferralPayout).where(ReferralPayout.id == payout_id)
    return (await session.scalars(wanted.with_for_update())).one_or_none()


async def is_used(session: AsyncSession, tx_hash: TxHash) -> bool:
    """Whether a transaction has proven a payout already."""
    found = select(ReferralPayout.id).where(ReferralPayout.tx_hash == tx_hash)
    return (await session.execute(found)).one_or_none() is not None
