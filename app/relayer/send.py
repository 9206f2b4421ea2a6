"""Broadcasting stored bytes in the order of their nonces, and reading the node's refusals."""

import logging
from collections.abc import Sequence
from typing import Any

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
    """Sends what is stored and due, in one request: what a node could not take yet stays and is sent again.

    Raises ChainUnavailable: then nobody knows what arrived, and the same bytes go out again."""
    async with transaction(sender.sessions) as session:
        waiting = await queries.transactions_to_send(session, sender.chain_id, sender.address)
    if not waiting:
        return
    answers = await sender.chain.batch([("eth_sendRawTransaction", "0x" + each.raw.hex()) for each in waiting])
    meanings = [meaning_of(sender, *each) for each in zip(waiting, answers, strict=True)]
    reach("relayer.after_send_before_confirm")
    given = zip(waiting, meanings, strict=True)
    await confirm(sender, [each for each, meaning in given if meaning in (*HAS_IT, *FOR_THE_WATCH)])
    await note_gas_money(sender, missing=Refusal.INSUFFICIENT_FUNDS in meanings)


def meaning_of(sender: Sender, stored: Transaction, answer: Any) -> Refusal | None:
    """What a node's answer to one broadcast means; None where it took it."""
    if not isinstance(answer, RpcRefused | CallReverted):
        return None
    message = str(answer.facts["message"])
    meaning = refusal(message)
    level = logging.DEBUG if meaning is Refusal.ALREADY_KNOWN else logging.WARNING
    given = (meaning, sender.chain_id, stored.hash, stored.nonce, message)
    log.log(level, "send %s chain=%d tx=%s nonce=%d: %s", *given)
    return meaning


async def confirm(sender: Sender, stored: Sequence[Transaction]) -> None:
    """A node has them: `sent`, unless something newer is known by now."""
    if not stored:
        return
    moves = [Moved(each.intent_id, IntentState.SENT) for each in stored if each.intent_id is not None]
    async with transaction(sender.sessions) as session:
        await outbox.mark_sent(session, sender.chain_id, [each.hash for each in stored])
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
