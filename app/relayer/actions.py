"""The verbs of the outbox. Each works in the caller's transaction and never commits."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.boundary import after_commit
from app.database import Address, TaskId
from app.relayer import queries, wakeup
from app.relayer.gas import books
from app.relayer.gas.rules import Payer
from app.relayer.models import Intent
from app.relayer.outbox import facts_of, subject_of
from app.relayer.rules import MAX_ATTEMPTS, WAIT_SECONDS, Failure, IntentState, back_off_seconds


async def enqueue(
    session: AsyncSession,
    *,
    key: str,
    verb: str,
    task_id: TaskId | None,
    account: Address,
    to: Address,
    data: bytes,
    payer: Payer = Payer.ACCOUNT,
) -> Intent:
    """Stores a call to be carried if and when the caller's transaction commits, and wakes the relayer then.

    `key` names the effect: the same key gives back the intent that is already there, whatever became of it. `payer` is
    the platform for what it does itself; who else pays is decided when the intent is admitted (app/relayer/gas).
    """
    values = {"id": uuid4(), "key": key, "verb": verb, "task_id": task_id, "account": account}
    fresh = insert(Intent).values(**values, to_address=to, calldata=data, payer=payer)
    stored = fresh.on_conflict_do_nothing(index_elements=[Intent.key]).returning(Intent)
    intent = (await session.scalars(stored)).one_or_none()
    if intent is None:
        existing = await queries.intent_by_key(session, key)
        if existing is None:
            raise LookupError(f"intent {key} was deleted while it was asked for")
        return existing
    after_commit(session, "relayer.nudge", wakeup.nudge)
    return intent


async def postpone(session: AsyncSession, intent: Intent, detail: str) -> None:
    """A node gave no answer that means anything; tried again later, and failed after the last attempt."""
    intent.attempts += 1
    if intent.attempts >= MAX_ATTEMPTS:
        await fail(session, intent, Failure.UNANSWERED, {"text": detail})
        return
    await put_back(session, intent, back_off_seconds(intent.attempts))


async def wait(session: AsyncSession, intent: Intent) -> None:
    """It depends on what is not in a block yet; looked at again shortly, as long as that lasts."""
    await put_back(session, intent, WAIT_SECONDS)


async def put_back(session: AsyncSession, intent: Intent, seconds: float) -> None:
    """An older simulation may have passed: it counts no more."""
    intent.next_attempt_at = func.clock_timestamp() + timedelta(seconds=seconds)
    intent.gas_limit, intent.sender = None, None
    await move(session, intent, IntentState.QUEUED)
    await session.flush()


async def fail(session: AsyncSession, intent: Intent, reason: Failure, error: Mapping[str, Any] | None) -> None:
    """The end without an effect; `error` is what the contract said."""
    if intent.tx_hash is None:
        await books.release(session, intent.id)
    intent.reason, intent.error = reason, None if error is None else dict(error)
    await move(session, intent, IntentState.FAILED)


async def requeue(session: AsyncSession, intent: Intent) -> None:
    """Its nonce went to something else and it was never mined: it starts again."""
    intent.tx_hash, intent.gas_limit, intent.sender = None, None, None
    await books.release(session, intent.id)
    await move(session, intent, IntentState.QUEUED)


async def move(session: AsyncSession, intent: Intent, state: IntentState) -> None:
    """Into `state`, announced from `sent` on; nothing where it is there already."""
    if intent.state == state:
        return
    if state is not IntentState.FAILED:
        intent.reason, intent.error = None, None
    intent.state, intent.updated_at = state, func.clock_timestamp()
    await session.flush()
    if state not in (IntentState.QUEUED, IntentState.SIMULATED):
        await announce(session, f"intent.{state}", subject_of(intent), facts_of(intent))
