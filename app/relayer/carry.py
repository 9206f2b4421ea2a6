"""From an intent to a broadcast transaction: simulate, sign and store, send. Each step commits before the next.

The bytes are stored before they leave, so that after a crash the same bytes are sent again and nothing else is.
A nonce is reserved in the commit that stores its bytes: a reserved nonce without bytes would be a gap.
"""

import logging

from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import transaction
from app.database import Address, Hash32, TaskId
from app.faults import reach
from app.relayer import actions, queries
from app.relayer.fees import current_fees
from app.relayer.models import Intent, Transaction
from app.relayer.rules import Failure, Fees, next_nonce
from app.relayer.send import send_waiting
from app.relayer.sender import Sender, sign_call
from app.relayer.simulate import Outcome, Passed, Refused, Unanswered, simulate_all

log = logging.getLogger(__name__)

BATCH = 50
# Pools keep only so many transactions of one account that are not mined yet.
MAX_IN_FLIGHT = 48


async def carry(sender: Sender) -> int:
    """Carries a batch of waiting intents; how many were signed. Raises ChainUnavailable: a later sweep mends it."""
    await simulate_waiting(sender)
    signed = await sign_simulated(sender)
    if signed:
        reach("relayer.after_commit_before_send")
        await send_waiting(sender)
    return signed


async def simulate_waiting(sender: Sender) -> None:
    async with transaction(sender.sessions) as session:
        intents = await queries.intents_to_simulate(session, BATCH)
    if not intents:
        return
    outcomes = await simulate_all(sender.chain, sender.address, intents)
    async with transaction(sender.sessions) as session:
        locked = await queries.locked_intents(session, [intent.id for intent in intents])
        for intent, outcome in zip(intents, outcomes, strict=True):
            if locked[intent.id].tx_hash is None:
                await apply_outcome(session, locked[intent.id], outcome)


async def apply_outcome(session: AsyncSession, intent: Intent, outcome: Outcome) -> None:
    match outcome:
        case Passed(gas_limit):
            await actions.pass_simulation(session, intent, gas_limit)
        case Refused() if intent.task_id is not None and await queries.is_in_flight(
            session, TaskId(Hash32(intent.task_id))
        ):
            # What it builds upon may only be on its way, or on its way back after a reorg.
            await actions.wait(session, intent)
        case Refused(error):
            log.info("intent refused verb=%s intent=%s error=%s", intent.verb, intent.id, error["text"])
            await actions.fail(session, intent, Failure.SIMULATION_REVERTED, error)
        case Unanswered(message):
            log.warning("simulation unanswered verb=%s intent=%s: %s", intent.verb, intent.id, message)
            await actions.postpone(session, intent, message)


async def sign_simulated(sender: Sender) -> int:
    """Gives each its nonce and bytes in one commit, oldest first."""
    async with transaction(sender.sessions) as session:
        in_flight = await queries.count_unmined(session, sender.chain_id, sender.address)
        intents = await queries.intents_to_sign(session, max(0, MAX_IN_FLIGHT - in_flight))
        if not intents:
            return 0
        fees = await current_fees(sender.chain, sender.chain_id)
        highest = await queries.highest_nonce(session, sender.chain_id, sender.address)
        first = next_nonce(await sender.chain.nonce(sender.address, "pending"), highest)
        for nonce, intent in enumerate(intents, first):
            sign(session, sender, intent, nonce, fees)
    return len(intents)


def sign(session: AsyncSession, sender: Sender, intent: Intent, nonce: int, fees: Fees) -> None:
    if intent.gas_limit is None:
        raise ValueError(f"intent {intent.id} was simulated without a gas limit")
    to = Address(intent.to_address)
    signed = sign_call(sender, nonce, fees, intent.gas_limit, to, intent.calldata)
    intent.tx_hash = signed.hash
    session.add(Transaction.of(sender.chain_id, sender.address, nonce, 0, intent.id, signed.hash, signed.raw, fees))
