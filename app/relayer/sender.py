"""The account that pays for gas: its key, its lock, and the signing of one call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_canonical_address
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.chain.rpc import AsyncChain
from app.database import Address, Hash32, TxHash
from app.errors import SettingRefused
from app.relayer.rules import Fees

TRANSFER_GAS = 21_000


@dataclass(frozen=True)
class Sender:
    """What one sweep works with."""

    sessions: async_sessionmaker[AsyncSession]
    chain: AsyncChain
    chain_id: int
    account: LocalAccount
    finality_depth: int | None = None

    @property
    def address(self) -> Address:
        return Address(str(self.account.address))


@dataclass(frozen=True)
class Signed:
    hash: TxHash
    raw: bytes


def read_key(path: Path) -> LocalAccount:
    """The account of a key file. Raises SettingRefused where others may read it or it holds no key."""
    if path.stat().st_mode & 0o077:
        raise SettingRefused(name=str(path), reason="a key file must be readable by its owner alone (chmod 600)")
    try:
        account: LocalAccount = Account.from_key(path.read_text().strip())
    except Exception:  # the key libraries raise kinds of their own, which may quote the key: none goes into a log
        raise SettingRefused(name=str(path), reason="this file holds no private key") from None
    return account


def sign_call(sender: Sender, nonce: int, fees: Fees, gas_limit: int, to: Address, data: bytes) -> Signed:
    """The EIP-1559 transaction's bytes and hash; the same input gives the same bytes (RFC 6979)."""
    signed = sender.account.sign_transaction(
        {
            "type": 2,
            "chainId": sender.chain_id,
            "nonce": nonce,
            "maxFeePerGas": fees.max_fee,
            "maxPriorityFeePerGas": fees.tip,
            "gas": gas_limit,
            "to": to_canonical_address(to),
            "value": 0,
            "data": data,
        }
    )
    return Signed(TxHash(Hash32("0x" + bytes(signed.hash).hex())), bytes(signed.raw_transaction))


def sign_filler(sender: Sender, nonce: int, fees: Fees) -> Signed:
    """A transfer of nothing to itself: it uses the nonce and has no other effect."""
    return sign_call(sender, nonce, fees, TRANSFER_GAS, sender.address, b"")


@asynccontextmanager
async def alone(engine: AsyncEngine, chain_id: int, address: Address) -> AsyncIterator[bool]:
    """Whether this is the only sweep of the account now; the lock falls with the connection, also after kill -9.

    It saves work and keeps nonces in order. What keeps an effect single is the lock on the intent's row and the
    key of the nonce, so a lock that fell with its connection in the middle of a sweep does no harm.
    """
    async with engine.connect() as held:
        connection = await held.execution_options(isolation_level="AUTOCOMMIT")
        name = {"name": f"guildhall relayer {chain_id} {address}"}
        taken = (
            await connection.execute(text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"), name)
        ).scalar()
        try:
            yield bool(taken)
        finally:
            if taken:
                await connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), name)
