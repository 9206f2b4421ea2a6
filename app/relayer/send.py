"""Broadcasting stored bytes in the order of their nonces, and reading the node's refusals."""

import logging

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import transaction
from app.errors import RpcRefused
from app.faults import reach
from app.relayer import actions, queries
from app.relayer.models import Transaction
from app.relayer.rules import IntentState, Refusal, TransactionState, refusal
from app.relayer.sender import Sender

log = logging.getLogger(__name__)


async def send_waiting(sender: Sender) -> None:
    """Sends what is stored and due. Stops at the first answer that says that no later one can do better."""
    async with transaction(sender.sessions) as session:
        waiting = await queries.transactions_to_send(session, sender.chain_id, sender.address)
    for stored in waiting:
        if not await send(sender, stored):
            return


async def send(sender: Sender, stored: Transaction) -> bool:
    """One broadcast and its commit; whether the next may follow. Raises ChainUnavailable."""
    refused = await broadcast(sender, stored)
    match refused:
        case None | Refusal.ALREADY_KNOWN:
            reach("relayer.after_send_before_confirm")
            await confirm(sender, stored)
            return True
        case Refusal.NONCE_TOO_LOW | Refusal.UNDERPRICED:
            # The first is settled by receipts, the second by a replacement: both are the watch's, which reads sent_at.
            await confirm(sender, stored)
            return True
        case Refusal.NONCE_TOO_HIGH | Refusal.INSUFFICIENT_FUNDS | Refusal.UNKNOWN:
            return False


async def broadcast(sender: Sender, stored: Transaction) -> Refusal | None:
    try:
        await sender.chain.send_raw(stored.raw)
    except RpcRefused as error:
        meaning = refusal(error.message)
        level = logging.DEBUG if meaning is Refusal.ALREADY_KNOWN else logging.WARNING
        log.log(
            level,
            "send %s chain=%d tx=%s nonce=%d: %s",
            meaning,
            sender.chain_id,
            stored.hash,
            stored.nonce,
            error.message,
        )
        return meaning
    return None


async def confirm(sender: Sender, stored: Transaction) -> None:
    """The node has it: `sent`, unless something newer is known by now."""
    async with transaction(sender.sessions) as session:
        await mark_sent(session, stored)
        if stored.intent_id is None:
            return
        intent = (await queries.locked_intents(session, [stored.intent_id]))[stored.intent_id]
        if intent.state == IntentState.SIMULATED:
            await actions.move(session, intent, IntentState.SENT)


async def mark_sent(session: AsyncSession, stored: Transaction) -> None:
    same = (Transaction.chain_id == stored.chain_id, Transaction.hash == stored.hash)
    values = {"state": TransactionState.SENT, "sends": Transaction.sends + 1, "sent_at": func.clock_timestamp()}
    unsettled = Transaction.state.in_((TransactionState.SIGNED, TransactionState.SENT))
    await session.execute(update(Transaction).where(*same, unsettled).values(values))
