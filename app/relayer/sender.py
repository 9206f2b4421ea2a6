"""The account that pays for gas: its signer, its lock, and the signing of calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.chain.rpc import AsyncChain
from app.database import Address
from app.relayer.gas.rules import GasTerms
from app.relayer.rules import Fees
from app.signing.envelope import Signed, Unsigned
from app.signing.signer import Signer

TRANSFER_GAS = 21_000


@dataclass(frozen=True)
class Sender:
    """What one sweep works with: an account, and the terms on which its gas is spent."""

    sessions: async_sessionmaker[AsyncSession]
    chain: AsyncChain
    chain_id: int
    signer: Signer
    finality_depth: int | None = None
    gas: GasTerms = field(default_factory=GasTerms)

    @property
    def address(self) -> Address:
        return self.signer.address


def call_of(sender: Sender, nonce: int, fees: Fees, gas_limit: int, to: Address, data: bytes) -> Unsigned:
    """A call as it will be signed."""
    return Unsigned(sender.chain_id, nonce, fees.max_fee, fees.tip, gas_limit, to, data)


def filler_of(sender: Sender, nonce: int, fees: Fees) -> Unsigned:
    """A transfer of nothing to itself: it uses the nonce and has no other effect."""
    return call_of(sender, nonce, fees, TRANSFER_GAS, sender.address, b"")


async def sign_one(sender: Sender, transaction: Unsigned) -> Signed:
    """Raises SignerUnavailable, SignerRefused."""
    (signed,) = await sender.signer.sign([transaction])
    return signed


@asynccontextmanager
async def alone(engine: AsyncEngine, chain_id: int, name: str) -> AsyncIterator[bool]:
    """Whether this is the only sweep of the account (or of what has this name) now; the lock falls with the connection,
    also after kill -9.

    It saves work and keeps nonces in order. What keeps an effect single is the lock on the intent's row and the
    key of the nonce, so a lock that fell with its connection in the middle of a sweep does no harm.
    """
    async with engine.connect() as held:
        connection = await held.execution_options(isolation_level="AUTOCOMMIT")
        lock = {"name": f"guildhall relayer {chain_id} {name}"}
        taken = (
            await connection.execute(text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"), lock)
        ).scalar()
        try:
            yield bool(taken)
        finally:
            if taken:
                await connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), lock)
