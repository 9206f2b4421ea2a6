"""Naming a referrer, and what accrues to him. Nothing here commits."""

import secrets

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.queries import locked_account
from app.clock import database_now
from app.config import Settings
from app.database import Address
from app.errors import ReferralCodeUnknown, ReferralsNotOffered
from app.escrow.queries import chain_clock, whole_blocks
from app.referrals import queries
from app.referrals.models import Referral, ReferralAccrual, ReferralCode
from app.referrals.rules import DAY_SECONDS, Finished, Offered, accrual, may_name

BATCH = 500


def offered_by(settings: Settings) -> Offered:
    """What this deployment gives."""
    return Offered(
        share_bps=settings.referral_share_bps,
        cap=settings.referral_cap,
        days=settings.referral_days,
        name_days=settings.referral_name_days,
    )


async def make_code(session: AsyncSession, account: Address, offered: Offered) -> ReferralCode:
    """The account's code, made at the first time. Raises ReferralsNotOffered."""
    if offered.share_bps == 0:
        raise ReferralsNotOffered
    made = insert(ReferralCode).values(account=account, code=secrets.token_hex(6))
    await session.execute(made.on_conflict_do_nothing(index_elements=["account"]))
    found = await queries.code_of(session, account)
    assert found is not None
    return found


async def name_referrer(session: AsyncSession, account: Address, code: str, offered: Offered) -> Referral:
    """Says who brought the account, once and for good.

    Raises ReferralCodeUnknown, ReferralsNotOffered, AlreadyReferred, ReferrerLinked, ReferralInCircle, AccountNotNew.
    """
    await locked_account(session, account)  # two names at once
    referrer = await queries.owner_of(session, code)
    if referrer is None:
        raise ReferralCodeUnknown
    newcomer, theirs = await queries.newcomer(session, account), await queries.referral_of(session, referrer)
    referrers_own = None if theirs is None else theirs.referrer
    if may_name(newcomer, referrer, referrers_own, offered, await database_now(session)):
        clock = await chain_clock(session)
        named = Referral(
            account=account,
            referrer=referrer,
            share_bps=offered.share_bps,
            cap=offered.cap,
            from_block=clock.block_number,
            until=clock.timestamp + offered.days * DAY_SECONDS,
        )
        session.add(named)
        await session.flush()
    found = await queries.referral_of(session, account)
    assert found is not None
    return found


async def accrue_final(session: AsyncSession, after: int, final: int) -> int:
    """Stores what the tasks that ended in the blocks above `after`, up to `final`, brought to referrers; up to which
    block it came. A block is never done by half."""
    upto = await whole_blocks(session, after, final, BATCH)
    tasks = await queries.finished(session, after, upto)
    rows = await accruals(session, tasks) if tasks else []
    if rows:
        await session.execute(insert(ReferralAccrual).on_conflict_do_nothing(), rows)
    return upto


async def accruals(session: AsyncSession, tasks: list[Finished]) -> list[dict[str, object]]:
    """One row for each task and referrer; where he brought both sides, the buyer's counts."""
    named = await queries.referrals_of(session, {party for task in tasks for party in task.parties})
    so_far = {account: amount for account, (_, _, amount) in named.items()}
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for task in tasks:
        for account in [task.buyer, *sorted(task.sellers)]:
            if account not in named:
                continue
            referral, referrers_account, _ = named[account]
            amount = accrual(referral.share, task, so_far[account], referrers_account)
            if amount > 0 and (task.task_id, referral.referrer) not in rows:
                so_far[account] += amount
                facts = {"account": account, "fees": task.fees, "amount": amount, "ended_at": task.ended_at}
                key = {"task_id": task.task_id, "referrer": referral.referrer}
                rows[task.task_id, referral.referrer] = key | facts
    return list(rows.values())
