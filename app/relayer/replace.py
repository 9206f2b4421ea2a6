"""Second candidates for a nonce: the same call at a higher fee, or nothing at all where only the nonce must go."""

import logging
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import transaction
from app.database import Address
from app.relayer import queries
from app.relayer.fees import current_fees
from app.relayer.gas.books import raise_charge
from app.relayer.models import Intent, Transaction
from app.relayer.rules import Fees, TransactionState, bumped, gaps
from app.relayer.sender import Sender, call_of, filler_of, sign_one
from app.signing.envelope import Signed, Unsigned

log = logging.getLogger(__name__)


async def replace(session: AsyncSession, sender: Sender, rows: Sequence[Transaction], intent: Intent | None) -> None:
    """The same call at a fee that pools take as a replacement; the old bytes again where the cap leaves no room."""
    last = rows[-1]
    fees = bumped(last.fees, await current_fees(sender.chain, sender.chain_id))
    if fees is None:
        last.state = TransactionState.SIGNED
        return
    if intent is None or last.intent_id is None or intent.gas_limit is None:
        await add(session, sender, last, filler_of(sender, last.nonce, fees), fees, None)
        return
    again = call_of(sender, last.nonce, fees, intent.gas_limit, Address(intent.to_address), intent.calldata)
    intent.tx_hash = (await add(session, sender, last, again, fees, intent)).hash
    await raise_charge(session, intent.id, intent.gas_limit * fees.max_fee)


async def replace_by_filler(session: AsyncSession, sender: Sender, rows: Sequence[Transaction]) -> None:
    """Nothing at all, at a fee above the last candidate's."""
    last = rows[-1]
    fees = bumped(last.fees, await current_fees(sender.chain, sender.chain_id)) or last.fees
    await add(session, sender, last, filler_of(sender, last.nonce, fees), fees, None)


async def add(
    session: AsyncSession, sender: Sender, last: Transaction, unsigned: Unsigned, fees: Fees, intent: Intent | None
) -> Signed:
    """Raises SignerUnavailable, SignerRefused."""
    signed = await sign_one(sender, unsigned)
    intent_id = None if intent is None else intent.id
    log.info("replaced chain=%d nonce=%d old=%s new=%s", sender.chain_id, last.nonce, last.hash, signed.hash)
    last.state = TransactionState.SENT
    session.add(
        Transaction.of(
            sender.chain_id,
            sender.address,
            last.nonce,
            last.attempt + 1,
            intent_id,
            signed.hash,
            signed.raw,
            fees,
        )
    )
    return signed


async def fill_gaps(sender: Sender, chain_nonce: int) -> None:
    """Fills the nonces that the chain waits for and of which nothing is stored."""
    async with transaction(sender.sessions) as session:
        stored = await queries.nonces_from(session, sender.chain_id, sender.address, chain_nonce)
        missing = gaps(chain_nonce, stored)
        if not missing:
            return
        fees = await current_fees(sender.chain, sender.chain_id)
        for nonce in missing:
            signed = await sign_one(sender, filler_of(sender, nonce, fees))
            log.warning("gap filled chain=%d nonce=%d tx=%s", sender.chain_id, nonce, signed.hash)
            session.add(Transaction.of(sender.chain_id, sender.address, nonce, 0, None, signed.hash, signed.raw, fees))
