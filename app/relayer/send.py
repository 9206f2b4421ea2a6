"""Broadcasting stored bytes in the order of their nonces, and reading the node's refusals."""

import logging
from collections.abc import Sequence

from app.announcements.actions import announce
from app.boundary import transaction
from app.errors import CallReverted, RpcRefused
from app.faults import reach
from app.relayer import outbox, queries
from app.relayer.models import Transaction
from app.relayer.outbox import Moved
from app.relayer.rules import IntentState, Refusal, refusal
from app.relayer.sender import Sender

log = logging.getLogger(__name__)

HAS_IT = (None, Refusal.ALREADY_KNOWN)
# The first is settled by receipts, the second by a replacement: both are the watch's, which reads sent_at.
FOR_THE_WATCH = (Refusal.NONCE_TOO_LOW, Refusal.UNDERPRICED)

_out_of_gas: set[tuple[int, str]] = set()
"""Accounts of which this process has said that they are out of gas money."""


async def send_waiting(sender: Sender) -> None:
    """Sends what is stored and due, and confirms it in one commit. Stops where no later one can do better.

    One request each, in order: a node may run the calls of a batch at the same time, and then nonces break. Raises
    ChainUnavailable, once what was taken before is confirmed: nobody knows whether the rest arrived, and the same bytes
    go out again.
    """
    async with transaction(sender.sessions) as session:
        waiting = await queries.transactions_to_send(session, sender.chain_id, sender.address)
    taken: list[Transaction] = []
    underpriced: list[str] = []
    meaning: Refusal | None = None
    try:
        for stored in waiting:
            meaning = await broadcast(sender, stored)
            if meaning not in (*HAS_IT, *FOR_THE_WATCH):
                break
            taken.append(stored)
            if meaning is Refusal.UNDERPRICED:
                underpriced.append(stored.hash)
    finally:
        if taken:
            reach("relayer.after_send_before_confirm")
            await confirm(sender, taken, underpriced)
    if waiting:
        await note_gas_money(sender, missing=meaning is Refusal.INSUFFICIENT_FUNDS)


async def broadcast(sender: Sender, stored: Transaction) -> Refusal | None:
    """None where a node took it; else what its refusal means. Raises ChainUnavailable."""
    try:
        await sender.chain.send_raw(stored.raw)
    except (RpcRefused, CallReverted) as refused:
        return meaning_of(sender, stored, str(refused.facts["message"]))
    return None


def meaning_of(sender: Sender, stored: Transaction, message: str) -> Refusal:
    """What a node's words mean."""
    meaning = refusal(message)
    level = logging.DEBUG if meaning is Refusal.ALREADY_KNOWN else logging.WARNING
    given = (meaning, sender.chain_id, stored.hash, stored.nonce, message)
    log.log(level, "send %s chain=%d tx=%s nonce=%d: %s", *given)
    return meaning


async def confirm(sender: Sender, stored: Sequence[Transaction], underpriced: Sequence[str]) -> None:
    """A node has them: `sent`, unless something newer is known by now."""
    moves = [Moved(each.intent_id, IntentState.SENT) for each in stored if each.intent_id is not None]
    async with transaction(sender.sessions) as session:
        await outbox.mark_sent(session, sender.chain_id, [each.hash for each in stored], underpriced)
        await outbox.move_all(session, moves, only_from=[IntentState.SIMULATED])


async def note_gas_money(sender: Sender, *, missing: bool) -> None:
    """Says once that an account is out of gas money, and once that it has some again. What it holds waits."""
    account = (sender.chain_id, sender.address)
    if missing == (account in _out_of_gas):
        return
    (_out_of_gas.add if missing else _out_of_gas.discard)(account)
    log.log(logging.ERROR if missing else logging.INFO, "out of gas money=%s sender=%s", missing, sender.address)
    topic = "relayer.out_of_gas" if missing else "relayer.has_gas"
    async with transaction(sender.sessions) as session:
        await announce(session, topic, f"relayer:{sender.address}", {"chain_id": sender.chain_id})
