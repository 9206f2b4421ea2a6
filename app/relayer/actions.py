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
from app.relayer.models import Intent
from app.relayer.rules import MAX_ATTEMPTS, WAIT_SECONDS, Failure, IntentState, back_off_seconds


async def enqueue(
    session: AsyncSession, *, key: str, verb: str, task_id: TaskId | None, account: Address, to: Address, data: bytes
) -> Intent:
    """Stores a call to be carried if and when the caller's transaction commits, and wakes the relayer then.

    `key` names the effect: the same key gives back the intent that is already there, whatever became of it.
    """
    fresh = insert(Intent).values(
        id=uuid4(), key=key, verb=verb, task_id=task_id, account=account, to_address=to, calldata=data
    )
    stored = fresh.on_conflict_do_nothing(index_elements=[Intent.key]).returning(Intent)
    intent = (await session.scalars(stored)).one_or_none()
    if intent is None:
        existing = await queries.intent_by_key(session, key)
        if existing is None:
            raise LookupError(f"intent {key} was deleted while it was asked for")
        return existing
    after_commit(session, "relayer.nudge", wakeup.nudge)
    return intent


async def pass_simulation(session: AsyncSession, intent: Intent, gas_limit: int) -> None:
    """It would succeed now: it may have a nonce."""
    intent.gas_limit = gas_limit
    await move(session, intent, IntentState.SIMULATED)


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
    intent.gas_limit = None
    await move(session, intent, IntentState.QUEUED)
    await session.flush()


async def fail(session: AsyncSession, intent: Intent, reason: Failure, error: Mapping[str, Any] | None) -> None:
    """The end without an effect; `error` is what the contract said."""
    intent.reason, intent.error = reason, None if error is None else dict(error)
    await move(session, intent, IntentState.FAILED)


async def requeue(session: AsyncSession, intent: Intent) -> None:
    """Its nonce went to something else and it was never mined: it starts again."""
    intent.tx_hash, intent.gas_limit = None, None
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


def subject_of(intent: Intent) -> str:
    return f"account:{intent.account}" if intent.task_id is None else f"task:{intent.task_id}"


def facts_of(intent: Intent) -> dict[str, object]:
    return {
        "intent_id": str(intent.id),
        "key": intent.key,
        "verb": intent.verb,
        "state": intent.state,
        "reason": intent.reason,
        "error": intent.error,
        "tx_hash": intent.tx_hash,
    }
