"""Payouts: what the owner of the fees is to send, and the proof that he did. The server holds no key of his.

Nothing here commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from eth_utils.address import to_checksum_address
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.chain.contracts import call_data, decode_result
from app.chain.deployment import Deployment
from app.chain.json_rpc import call_object, from_hex
from app.chain.models import Block
from app.chain.rpc import AsyncChain
from app.chain.transfers import Mined, Transfer, mined_of
from app.chain.vouching import agreed
from app.clock import database_now
from app.database import Address, TxHash
from app.errors import NotFinalYet, NotFound, PayoutNotProven, PayoutPaid, TransferUsed
from app.escrow.queries import chain_clock
from app.referrals import queries
from app.referrals.models import ReferralPayout


@dataclass(frozen=True)
class Ledger:
    """The chain, and how many of its nodes must say the same."""

    chain: AsyncChain
    deployment: Deployment
    quorum: int

    async def mined(self, tx_hash: TxHash) -> Mined | None:
        """A transaction as it was mined. Raises ChainUnavailable where too few nodes say the same."""
        token = self.deployment.token
        return await agreed(
            self.chain, self.quorum, lambda answer: mined_of(token, answer), "eth_getTransactionReceipt", tx_hash
        )

    async def fee_owner(self) -> Address:
        """To whom the escrow pays its fees, for ever. Raises ChainUnavailable."""

        def read(answer: object) -> Address:
            return Address(to_checksum_address(str(decode_result("TaskEscrow", "feeOwner", from_hex(answer))[0])))

        asked = call_object(self.deployment.escrow, call_data("TaskEscrow", "feeOwner"), None, None)
        return await agreed(self.chain, self.quorum, read, "eth_call", asked, "latest")


async def plan(session: AsyncSession, operator: Address, least: int) -> Sequence[ReferralPayout]:
    """Makes a payout for each referrer to whom at least so much is due and none is open; those that were made."""
    await queries.locked_codes(session)
    above = (await chain_clock(session)).block_number
    made = [
        ReferralPayout(id=uuid4(), referrer=referrer, amount=amount, from_block=above, made_by=operator)
        for referrer, amount in await queries.due(session, least)
    ]
    session.add_all(made)
    await session.flush()
    return made


async def prove(
    session: AsyncSession, ledger: Ledger, payout_id: UUID, tx_hash: TxHash, operator: Address
) -> ReferralPayout:
    """Counts a payout as paid by a final transfer of its amount from the owner of the fees to the referrer; the same
    again changes nothing.

    Raises NotFound, PayoutPaid, TransferUsed, PayoutNotProven, NotFinalYet, ChainUnavailable.
    """
    payout = await queries.locked_payout(session, payout_id)
    if payout is None:
        raise NotFound(kind="payout")
    if payout.tx_hash is not None:
        if payout.tx_hash == tx_hash:
            return payout
        raise PayoutPaid(tx_hash=payout.tx_hash)
    if await queries.is_used(session, tx_hash):
        raise TransferUsed(tx_hash=tx_hash)
    mined = await ledger.mined(tx_hash)
    wanted = Transfer(await ledger.fee_owner(), payout.referrer, payout.amount)
    block, now = await proven_block(session, payout, wanted, mined, tx_hash), await database_now(session)
    payout.tx_hash, payout.block_number, payout.proven_by, payout.paid_at = tx_hash, block, operator, now
    await session.flush()
    facts = {"amount": str(payout.amount), "tx_hash": tx_hash}
    await announce(session, "referral.paid", f"account:{payout.referrer}", facts)
    return payout


async def proven_block(
    session: AsyncSession, payout: ReferralPayout, wanted: Transfer, mined: Mined | None, tx_hash: TxHash
) -> int:
    """Where the transfer was mined for good. Raises PayoutNotProven, NotFinalYet."""
    if mined is None or not mined.succeeded:
        raise PayoutNotProven(tx_hash=tx_hash, reason="it is in no block" if mined is None else "it was reverted")
    if mined.block_number <= payout.from_block:
        raise PayoutNotProven(tx_hash=tx_hash, reason="it is older than the payout")
    if wanted not in mined.transfers:
        reason = f"it moves no {wanted.amount} base units from {wanted.source} to {wanted.to}"
        raise PayoutNotProven(tx_hash=tx_hash, reason=reason)
    final = (await chain_clock(session)).finalized_number
    if mined.block_number > final:
        raise NotFinalYet(block=mined.block_number, finalized=final)
    mirrored = await session.scalar(select(Block.hash).where(Block.number == mined.block_number))
    if mirrored is not None and mirrored != mined.block_hash:
        raise PayoutNotProven(tx_hash=tx_hash, reason="its block is not the one that is mirrored")
    return mined.block_number
