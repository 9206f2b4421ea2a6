"""Writing down what became of a nonce: its candidates and its intent, in one commit."""

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import transaction
from app.relayer import actions, queries
from app.relayer.gas import books
from app.relayer.models import Intent, Transaction
from app.relayer.replace import replace, replace_by_filler
from app.relayer.rules import Failure, IntentState, Sighting, Step, TransactionState
from app.relayer.sender import Sender
from app.relayer.simulate import why_reverted

log = logging.getLogger(__name__)


async def settle(sender: Sender, nonce: int, step: Step, seen: Sighting | None) -> None:
    """Applies one step to one nonce, under the locks of its rows."""
    error = await revert_of(sender, nonce, seen) if seen is not None and not seen.succeeded else None
    async with transaction(sender.sessions) as session:
        rows = await queries.candidates(session, sender.chain_id, sender.address, nonce)
        intent = await intent_of(session, rows)
        log.info("nonce %s chain=%d nonce=%d tx=%s", step, sender.chain_id, nonce, rows[-1].hash)
        match step:
            case Step.MINED | Step.FINAL:
                if seen is None:
                    raise ValueError("mined without a sighting")
                await settle_seen(session, rows, intent, seen, step, error)
            case Step.LOST:
                await settle_lost(session, sender, rows, intent)
            case Step.TAKEN:
                await settle_taken(session, rows, intent)
            case Step.RESEND:
                await send_again(session, sender, rows, intent)
            case Step.BUMP:
                await replace(session, sender, rows, intent)
            case Step.KEEP:
                return


async def revert_of(sender: Sender, nonce: int, seen: Sighting) -> dict[str, Any] | None:
    """What the contract said: asked again on the state after the block, then on the state before it."""
    async with transaction(sender.sessions) as session:
        intent = await intent_of(session, await queries.candidates(session, sender.chain_id, sender.address, nonce))
    if intent is None:
        return None
    after = await why_reverted(sender.chain, sender.address, intent, seen.block_number)
    return after or await why_reverted(sender.chain, sender.address, intent, seen.block_number - 1)


async def intent_of(session: AsyncSession, rows: Sequence[Transaction]) -> Intent | None:
    """The intent that the nonce carries; None where the nonce is only filled."""
    found = [row.intent_id for row in rows if row.intent_id is not None]
    return (await queries.locked_intents(session, found[:1]))[found[0]] if found else None


async def settle_seen(
    session: AsyncSession,
    rows: Sequence[Transaction],
    intent: Intent | None,
    seen: Sighting,
    step: Step,
    error: dict[str, Any] | None,
) -> None:
    lost_before = any(row.was_mined for row in rows)
    winner = next(row for row in rows if row.hash == seen.tx_hash)
    for row in rows:
        if row is not winner:
            forget_block(row, TransactionState.REPLACED if step is Step.FINAL else TransactionState.SENT)
    winner.state = TransactionState.FINAL if step is Step.FINAL else TransactionState.MINED
    winner.block_number, winner.block_hash = seen.block_number, seen.block_hash
    winner.succeeded, winner.was_mined, winner.gas_wei = seen.succeeded, True, seen.gas_wei or winner.gas_wei
    if intent is not None:
        await settle_intent(session, intent, winner, step, lost_before, error)


async def settle_intent(
    session: AsyncSession,
    intent: Intent,
    winner: Transaction,
    step: Step,
    lost_before: bool,
    error: dict[str, Any] | None,
) -> None:
    """Its nonce went to a filler, or the contract refused it in the block; what did its work is the watch's."""
    if winner.intent_id is None:
        if step is Step.FINAL and intent.state != IntentState.FAILED:
            await actions.fail(session, intent, Failure.LOST_IN_REORG, None)
        return
    intent.tx_hash = winner.hash
    await books.settle(session, {intent.id: winner.gas_wei}, reverted=True)
    if intent.state != IntentState.FAILED:
        reason = Failure.LOST_IN_REORG if lost_before else Failure.REVERTED
        await actions.fail(session, intent, reason, error)


async def settle_lost(
    session: AsyncSession, sender: Sender, rows: Sequence[Transaction], intent: Intent | None
) -> None:
    """It was in a block that is no longer canonical: the same bytes go out again."""
    lost = next(row for row in rows if row.block_number is not None)
    forget_block(lost, TransactionState.SENT)
    lost.sends = 0
    await send_again(session, sender, rows, intent)
    if intent is not None and intent.state in (IntentState.MINED, IntentState.FINAL):
        await actions.move(session, intent, IntentState.SENT)


async def settle_taken(session: AsyncSession, rows: Sequence[Transaction], intent: Intent | None) -> None:
    """Something else used the nonce for good. What was never mined starts again; what was, and is lost, has failed."""
    for row in rows:
        forget_block(row, TransactionState.REPLACED)
    if intent is None or intent.state == IntentState.FAILED:
        return
    if any(row.was_mined for row in rows):
        await actions.fail(session, intent, Failure.LOST_IN_REORG, None)
    else:
        await actions.requeue(session, intent)


async def send_again(session: AsyncSession, sender: Sender, rows: Sequence[Transaction], intent: Intent | None) -> None:
    """The very bytes, of the one that was mined if there was one. A failed intent's nonce is only filled.

    It was said to have failed, and what was said may have been acted upon: sent again it could succeed.
    """
    failed = intent is not None and intent.state == IntentState.FAILED
    if failed and all(row.intent_id is not None for row in rows):
        await replace_by_filler(session, sender, rows)
        return
    able = [row for row in rows if not failed or row.intent_id is None]
    chosen = max(able, key=lambda row: (row.was_mined, row.attempt))
    chosen.state = TransactionState.SIGNED


def forget_block(row: Transaction, state: TransactionState) -> None:
    row.state = state
    row.block_number, row.block_hash, row.succeeded = None, None, None
