"""From an intent to a broadcast transaction: admit, sign and store, send. Each step commits before the next.

The bytes are stored before they leave, so that after a crash the same bytes are sent again and nothing else is.
A nonce is reserved in the commit that stores its bytes: a reserved nonce without bytes would be a gap.
"""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import transaction
from app.database import Address
from app.errors import SignerRefused
from app.faults import reach
from app.relayer import actions, outbox, queries
from app.relayer.admit import admit
from app.relayer.fees import current_fees
from app.relayer.models import Intent, Transaction
from app.relayer.rules import Failure, Fees, next_nonce
from app.relayer.send import send_waiting
from app.relayer.sender import Sender, call_of
from app.signing.envelope import Unsigned

log = logging.getLogger(__name__)

# Pools keep only so many transactions of one account that are not mined yet.
MAX_IN_FLIGHT = 48


async def carry(senders: Sequence[Sender]) -> int:
    """Carries a batch of waiting intents; how many were looked at or signed. Raises ChainUnavailable."""
    return await admit(senders) + sum(await asyncio.gather(*(sign_and_send(sender) for sender in senders)))


async def sign_and_send(sender: Sender) -> int:
    """What one account was given; how many were signed."""
    signed = await sign_admitted(sender)
    if signed:
        reach("relayer.after_commit_before_send")
        await send_waiting(sender)
    return signed


async def sign_admitted(sender: Sender) -> int:
    """Gives each its nonce and bytes in one commit, oldest first."""
    async with transaction(sender.sessions) as session:
        in_flight = await queries.count_unmined(session, sender.chain_id, sender.address)
        intents = await queries.intents_to_sign(session, sender.address, max(0, MAX_IN_FLIGHT - in_flight))
        if not intents:
            return 0
        fees = await current_fees(sender.chain, sender.chain_id)
        highest = await queries.highest_nonce(session, sender.chain_id, sender.address)
        first = next_nonce(await sender.chain.nonce(sender.address, "pending"), highest)
        unsigned = [call(sender, intent, nonce, fees) for nonce, intent in enumerate(intents, first)]
        try:
            await store(session, sender, [intent.id for intent in intents], unsigned, fees)
        except SignerRefused:  # one that it does not sign must not hold the others: the oldest is asked for alone
            await store_or_fail(session, sender, intents[0], unsigned[0], fees)
        reach("relayer.signed_before_commit")
    return len(intents)


async def store_or_fail(session: AsyncSession, sender: Sender, intent: Intent, unsigned: Unsigned, fees: Fees) -> None:
    """One; it fails where the signer's rules are against it."""
    try:
        await store(session, sender, [intent.id], [unsigned], fees)
    except SignerRefused as refused:
        log.error("signer refused intent=%s: %s", intent.id, refused)  # noqa: TRY400 - the reason is the signer's
        await actions.fail(session, intent, Failure.SIGNER_REFUSED, {"text": str(refused)})


def call(sender: Sender, intent: Intent, nonce: int, fees: Fees) -> Unsigned:
    if intent.gas_limit is None:
        raise ValueError(f"intent {intent.id} was admitted without a gas limit")
    return call_of(sender, nonce, fees, intent.gas_limit, Address(intent.to_address), intent.calldata)


async def store(
    session: AsyncSession, sender: Sender, intents: Sequence[UUID], unsigned: Sequence[Unsigned], fees: Fees
) -> None:
    """The signed bytes of each, and which intent it carries. Raises SignerUnavailable, SignerRefused."""
    signed = await sender.signer.sign(unsigned)
    session.add_all(
        Transaction.of(sender.chain_id, sender.address, plain.nonce, 0, intent_id, each.hash, each.raw, fees)
        for plain, each, intent_id in zip(unsigned, signed, intents, strict=True)
    )
    await outbox.name_transactions(session, dict(zip(intents, [each.hash for each in signed], strict=True)))
