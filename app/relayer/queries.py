"""Every SELECT of the outbox."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.database import Address, TaskId
from app.relayer.models import Intent, Transaction
from app.relayer.rules import IntentState, TransactionState

MOST_SENDS = 100
ADMITTED_FOR = timedelta(seconds=5)
"""So long an intent that waits for a nonce is not simulated again."""
OPEN = (TransactionState.SIGNED, TransactionState.SENT, TransactionState.MINED)


async def intent_by_key(session: AsyncSession, key: str) -> Intent | None:
    return (await session.scalars(select(Intent).where(Intent.key == key))).one_or_none()


async def intent_of(session: AsyncSession, intent_id: UUID) -> Intent | None:
    return await session.get(Intent, intent_id)


async def intents_made_by(
    session: AsyncSession, account: Address, task_id: TaskId | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Intent]:
    """An account's intents, newest first, from below `after`."""
    wanted = select(Intent).where(Intent.account == account)
    if task_id is not None:
        wanted = wanted.where(Intent.task_id == task_id)
    if after is not None:
        wanted = wanted.where(tuple_(Intent.created_at, Intent.id) < after)
    newest = wanted.order_by(Intent.created_at.desc(), Intent.id.desc()).limit(limit)
    return list(await session.scalars(newest))


async def intents_to_simulate(session: AsyncSession, senders: Collection[Address], limit: int) -> list[Intent]:
    """Those without a transaction whose time has come, oldest first: of those that wait to be signed by one of these
    accounts, too, since what was true a while ago may not be."""
    mine = (Intent.state == IntentState.SIMULATED) & (Intent.sender.is_(None) | Intent.sender.in_(senders))
    mine &= Intent.updated_at < func.clock_timestamp() - ADMITTED_FOR
    waiting = (
        select(Intent)
        .where((Intent.state == IntentState.QUEUED) | mine, Intent.tx_hash.is_(None))
        .where(Intent.next_attempt_at <= func.clock_timestamp())
        .order_by(Intent.created_at, Intent.id)
        .limit(limit)
    )
    return list(await session.scalars(waiting))


async def intents_to_sign(session: AsyncSession, sender: Address, limit: int) -> list[Intent]:
    """Those that this account shall send and that have no transaction, oldest first, locked for the caller."""
    waiting = (
        select(Intent)
        .where(Intent.state == IntentState.SIMULATED, Intent.tx_hash.is_(None), Intent.sender == sender)
        .order_by(Intent.created_at, Intent.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(waiting))


async def locked_intents(session: AsyncSession, intent_ids: Collection[UUID]) -> dict[UUID, Intent]:
    """By id, as they are now, locked for the caller."""
    wanted = select(Intent).where(Intent.id.in_(intent_ids)).order_by(Intent.id).with_for_update()
    return {intent.id: intent for intent in await session.scalars(wanted)}


async def intents_by_id(session: AsyncSession, intent_ids: Collection[UUID]) -> list[Intent]:
    """In the order of the ids, as they are now."""
    if not intent_ids:
        return []
    wanted = select(Intent).where(Intent.id.in_(intent_ids)).execution_options(populate_existing=True)
    found = {intent.id: intent for intent in await session.scalars(wanted)}
    return [found[intent_id] for intent_id in intent_ids]


async def senders_of(session: AsyncSession, tasks: Collection[str]) -> dict[str, Address]:
    """Which account holds transactions of a task that are in no block, or is to sign one: the next goes after it."""
    if not tasks:
        return {}
    unmined = Intent.state.in_((IntentState.SIMULATED, IntentState.SENT)) & Intent.sender.is_not(None)
    rows = await session.execute(select(Intent.task_id, Intent.sender).where(Intent.task_id.in_(tasks), unmined))
    return {str(task): Address(str(sender)) for task, sender in rows}


async def loads(session: AsyncSession, senders: Collection[Address]) -> dict[Address, int]:
    """How many intents wait for each account, or are on their way with it."""
    unmined = Intent.state.in_((IntentState.SIMULATED, IntentState.SENT)) & Intent.sender.in_(senders)
    counted = select(Intent.sender, func.count()).where(unmined).group_by(Intent.sender)
    found = {Address(str(sender)): count for sender, count in await session.execute(counted)}
    return {sender: found.get(sender, 0) for sender in senders}


async def is_in_flight(session: AsyncSession, task_id: TaskId) -> bool:
    """Whether a transaction of this task is on its way and in no block."""
    waiting = select(Intent.id).where(
        Intent.task_id == task_id,
        Intent.state.in_((IntentState.SIMULATED, IntentState.SENT)),
        Intent.tx_hash.is_not(None),
    )
    return (await session.execute(waiting.limit(1))).first() is not None


async def highest_nonce(session: AsyncSession, chain_id: int, sender: Address) -> int | None:
    highest = select(func.max(Transaction.nonce)).where(Transaction.chain_id == chain_id, Transaction.sender == sender)
    return (await session.execute(highest)).scalar_one()


async def nonces_from(session: AsyncSession, chain_id: int, sender: Address, first: int) -> list[int]:
    """The nonces at or above `first` of which anything is stored."""
    stored = (
        select(Transaction.nonce)
        .where(Transaction.chain_id == chain_id, Transaction.sender == sender, Transaction.nonce >= first)
        .distinct()
    )
    return list(await session.scalars(stored))


async def open_transactions(
    session: AsyncSession, chain_id: int, sender: Address, chain_nonce: int
) -> list[Transaction]:
    """What may still change: all candidates that are not settled, and settled ones that the chain forgot.

    A nonce that the chain has not reached although its transaction was final can only come from a reorg past
    finality; nothing above it moves until it is sent again.
    """
    wanted = (
        select(Transaction)
        .where(Transaction.chain_id == chain_id, Transaction.sender == sender)
        .where(Transaction.state.in_(OPEN) | (Transaction.nonce >= chain_nonce))
        .order_by(Transaction.nonce, Transaction.attempt)
    )
    return list(await session.scalars(wanted))


async def has_open(session: AsyncSession, chain_id: int, sender: Address) -> bool:
    """Whether anything is left to follow."""
    waiting = select(Transaction.nonce).where(
        Transaction.chain_id == chain_id, Transaction.sender == sender, Transaction.state.in_(OPEN)
    )
    return (await session.execute(waiting.limit(1))).first() is not None


async def count_unmined(session: AsyncSession, chain_id: int, sender: Address) -> int:
    """How many nonces wait in the pool or to be broadcast."""
    waiting = select(func.count(Transaction.nonce.distinct())).where(
        Transaction.chain_id == chain_id,
        Transaction.sender == sender,
        Transaction.state.in_((TransactionState.SIGNED, TransactionState.SENT)),
    )
    return (await session.execute(waiting)).scalar_one()


async def transactions_to_send(session: AsyncSession, chain_id: int, sender: Address) -> list[Transaction]:
    """What is stored to be broadcast, lowest nonce first."""
    waiting = (
        select(Transaction)
        .where(Transaction.chain_id == chain_id, Transaction.sender == sender)
        .where(Transaction.state == TransactionState.SIGNED)
        .order_by(Transaction.nonce, Transaction.attempt)
        .options(undefer(Transaction.raw))
        .limit(MOST_SENDS)
    )
    return list(await session.scalars(waiting))


async def candidates(session: AsyncSession, chain_id: int, sender: Address, nonce: int) -> list[Transaction]:
    """Every transaction signed for one nonce, oldest first, locked for the caller."""
    same = (
        select(Transaction)
        .where(Transaction.chain_id == chain_id, Transaction.sender == sender, Transaction.nonce == nonce)
        .order_by(Transaction.attempt)
        .with_for_update()
    )
    return list(await session.scalars(same))
