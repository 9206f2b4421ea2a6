"""Booking gas. Admission is one process at a time (its lock), so that two intents never see the same money.

Nothing here commits.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.queries import secret_hash
from app.clock import TODAY, database_now
from app.database import Address, TaskId
from app.errors import InviteRefused
from app.relayer.gas.models import GasCharge, GasCredit, GasInvite, GasPot
from app.relayer.gas.rules import GasTerms, Payer, Purse
from app.relayer.models import Intent

SETTLE = text("""
UPDATE market.gas_charges AS c SET wei = coalesce(given.wei, c.wei), settled = true,
    payer = CASE WHEN given.reverted AND c.payer = 'task' THEN 'account' ELSE c.payer END
FROM unnest(CAST(:ids AS uuid[]), CAST(:wei AS numeric[]), CAST(:reverted AS boolean[])) AS given (id, wei, reverted)
WHERE c.intent_id = given.id
""")


@dataclass(frozen=True)
class Standing:
    """An account's gas: what it was given, what was charged to it, and what of that is not mined."""

    given: int
    charged: int
    in_flight: int

    @property
    def credit(self) -> int:
        return self.given - self.charged


class Books:
    """The purses of a batch of intents, kept up to date while it is admitted."""

    def __init__(self, terms: GasTerms, day: int, pots: dict[str, int], standings: dict[str, Standing]) -> None:
        self._terms, self._day, self._pots, self._standings = terms, day, pots, standings

    @classmethod
    async def open(cls, session: AsyncSession, terms: GasTerms, intents: Sequence[Intent]) -> "Books":
        """What is left of the day, of each task's pot, and of each account's credit."""
        tasks = {intent.task_id for intent in intents if intent.task_id is not None}
        accounts = {intent.account for intent in intents}
        spent = await spent_today(session)
        return cls(terms, terms.day_wei - spent, await pots(session, terms, tasks), await standings(session, accounts))

    def purse(self, intent: Intent, *, is_contract: bool) -> Purse:
        """What this intent could be paid from."""
        standing = self._standings.get(intent.account, Standing(0, 0, 0))
        start = self._terms.contract_start_wei if is_contract else self._terms.start_wei
        return Purse(
            pot=None if intent.task_id is None else self._pots.get(intent.task_id),
            credit=start + standing.credit,
            start=start,
            in_flight=standing.in_flight,
            day=self._day,
            is_contract=is_contract,
            is_platform=intent.payer == Payer.PLATFORM,
        )

    def take(self, intent: Intent, payer: Payer, wei: int) -> None:
        """What the next intents of the batch no longer have."""
        self._day -= wei
        if payer is Payer.TASK and intent.task_id is not None:
            self._pots[intent.task_id] -= wei
        before = self._standings.get(intent.account, Standing(0, 0, 0))
        charged = before.charged + (wei if payer is Payer.ACCOUNT else 0)
        self._standings[intent.account] = Standing(before.given, charged, before.in_flight + wei)


async def spent_today(session: AsyncSession) -> int:
    """All charges of this day (UTC)."""
    total = select(func.coalesce(func.sum(GasCharge.wei), 0)).where(GasCharge.day == TODAY)
    return int((await session.execute(total)).scalar_one())


async def pots(session: AsyncSession, terms: GasTerms, tasks: Collection[str]) -> dict[str, int]:
    """What is left of each task's pot; a task without one is not in it."""
    if not tasks:
        return {}
    used = (
        select(GasCharge.task_id, func.sum(GasCharge.wei).label("wei"))
        .where(GasCharge.task_id.in_(tasks), GasCharge.payer == Payer.TASK)
        .group_by(GasCharge.task_id)
        .subquery()
    )
    wanted = select(GasPot.task_id, GasPot.fee_units, func.coalesce(used.c.wei, 0))
    rows = await session.execute(
        wanted.outerjoin(used, used.c.task_id == GasPot.task_id).where(GasPot.task_id.in_(tasks))
    )
    return {task: terms.worth(int(units)) - int(wei) for task, units, wei in rows}


async def standings(session: AsyncSession, accounts: Collection[str]) -> dict[str, Standing]:
    """Of each account that was given or charged anything."""
    given = select(GasCredit.account, func.sum(GasCredit.wei)).where(GasCredit.account.in_(accounts))
    mine = GasCharge.payer == Payer.ACCOUNT
    charged = select(
        GasCharge.account,
        func.coalesce(func.sum(GasCharge.wei).filter(mine), 0),
        func.coalesce(func.sum(GasCharge.wei).filter(~GasCharge.settled), 0),
    ).where(GasCharge.account.in_(accounts))
    credits = {account: int(wei) for account, wei in await session.execute(given.group_by(GasCredit.account))}
    charges = {
        account: (int(own), int(open_))
        for account, own, open_ in await session.execute(charged.group_by(GasCharge.account))
    }
    return {
        account: Standing(credits.get(account, 0), *charges.get(account, (0, 0)))
        for account in credits.keys() | charges.keys()
    }


async def charge(session: AsyncSession, charges: Iterable[tuple[Intent, Payer, int]]) -> None:
    """Books what each admitted intent may cost at most."""
    rows = [
        {
            "intent_id": intent.id,
            "account": intent.account,
            "task_id": intent.task_id,
            "payer": payer,
            "day": TODAY,
            "wei": wei,
            "settled": False,
        }
        for intent, payer, wei in charges
    ]
    if rows:
        await session.execute(insert(GasCharge).values(rows))


async def raise_charge(session: AsyncSession, intent_id: UUID, wei: int) -> None:
    """A replacement at a higher fee may cost more."""
    same = (GasCharge.intent_id == intent_id, GasCharge.wei < wei)
    await session.execute(update(GasCharge).where(*same).values(wei=wei, settled=False))


async def settle(session: AsyncSession, costs: Mapping[UUID, int | None], *, reverted: bool = False) -> None:
    """What each cost in the end (None: as booked). A pot does not pay for what the contract refused."""
    if costs:
        given = {"ids": list(costs), "wei": list(costs.values()), "reverted": [reverted] * len(costs)}
        await session.execute(SETTLE, given)


async def release(session: AsyncSession, intent_id: UUID) -> None:
    """It will not be sent: nothing is charged."""
    await release_all(session, [intent_id])


async def release_all(session: AsyncSession, intent_ids: Collection[UUID]) -> None:
    """As `release`, of several."""
    await session.execute(delete(GasCharge).where(GasCharge.intent_id.in_(intent_ids)))


async def open_pot(session: AsyncSession, task_id: TaskId, fee_units: int) -> None:
    """What the task will bring; said again, the first stays."""
    await session.execute(insert(GasPot).values(task_id=task_id, fee_units=fee_units).on_conflict_do_nothing())


async def charge_to_account(session: AsyncSession, task_id: TaskId, account: Address) -> None:
    """The task brought no fee: what its pot paid for is charged to whoever funded it, and the pot is empty."""
    of_pot = (GasCharge.task_id == task_id, GasCharge.payer == Payer.TASK)
    await session.execute(update(GasCharge).where(*of_pot).values(payer=Payer.ACCOUNT, account=account))
    await session.execute(update(GasPot).where(GasPot.task_id == task_id).values(fee_units=0))


async def give(session: AsyncSession, key: str, account: Address, wei: int) -> None:
    """Credit, once for each key."""
    await session.execute(insert(GasCredit).values(key=key, account=account, wei=wei).on_conflict_do_nothing())


async def make_invite(session: AsyncSession, wei: int, lifetime: timedelta) -> str:
    """A code that gives `wei` once; nobody can show it again."""
    code, now = secrets.token_urlsafe(24), await database_now(session)
    session.add(GasInvite(code_hash=secret_hash(code), wei=wei, expires_at=now + lifetime))
    return code


async def redeem(session: AsyncSession, code: str, account: Address) -> int:
    """What the code gave, in wei; the same account may say it again. Raises InviteRefused."""
    held = select(GasInvite).where(GasInvite.code_hash == secret_hash(code)).with_for_update()
    invite = (await session.scalars(held)).one_or_none()
    now = await database_now(session)
    if invite is None or invite.redeemed_by not in (None, account):
        raise InviteRefused
    if invite.redeemed_by is None and invite.expires_at <= now:
        raise InviteRefused
    invite.redeemed_by = account
    await give(session, f"invite:{invite.code_hash.hex()}", account, int(invite.wei))
    return int(invite.wei)
