"""The outbox: what shall be carried, and every transaction that was ever signed for it."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, LargeBinary, Text, Uuid, false, func
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, Address, AddressColumn, AmountColumn, Base, Hash32Column, TxHash
from app.relayer.rules import Fees, TransactionState

Time = TIMESTAMP(timezone=True)


class Intent(Base):
    """A call that somebody authorised, and how far it came. `key` makes it one, however often it is asked for."""

    __tablename__ = "intents"
    __table_args__ = ({"schema": MARKET_SCHEMA},)
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 # read by the mapper, shared by nobody

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    verb: Mapped[str] = mapped_column(Text)
    task_id: Mapped[str | None] = mapped_column(Hash32Column)
    account: Mapped[str] = mapped_column(AddressColumn)
    to_address: Mapped[str] = mapped_column(AddressColumn)
    calldata: Mapped[bytes] = mapped_column(LargeBinary)
    gas_limit: Mapped[int | None] = mapped_column(BigInteger)
    sender: Mapped[str | None] = mapped_column(AddressColumn)
    payer: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    tx_hash: Mapped[str | None] = mapped_column(Hash32Column)
    attempts: Mapped[int] = mapped_column(Integer)
    next_attempt_at: Mapped[datetime] = mapped_column(Time)
    created_at: Mapped[datetime] = mapped_column(Time, server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(Time)


class Transaction(Base):
    """One signed candidate for a nonce: attempt 0 is the first, a later one replaces it at a higher fee.

    `intent_id` is null where the nonce is only being filled. `was_mined` survives a reorg: it tells what was lost
    from what never was. `underpriced`: a pool said so, and waiting does not help.
    """

    __tablename__ = "transactions"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    chain_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sender: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    nonce: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    intent_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey(f"{MARKET_SCHEMA}.intents.id"))
    hash: Mapped[str] = mapped_column(Hash32Column)
    raw: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    max_fee: Mapped[int] = mapped_column(AmountColumn)
    tip: Mapped[int] = mapped_column(AmountColumn)
    state: Mapped[str] = mapped_column(Text)
    was_mined: Mapped[bool] = mapped_column(Boolean)
    succeeded: Mapped[bool | None] = mapped_column(Boolean)
    block_number: Mapped[int | None] = mapped_column(BigInteger)
    block_hash: Mapped[str | None] = mapped_column(Hash32Column)
    sends: Mapped[int] = mapped_column(Integer)
    sent_at: Mapped[datetime | None] = mapped_column(Time)
    gas_wei: Mapped[int | None] = mapped_column(AmountColumn)
    underpriced: Mapped[bool] = mapped_column(Boolean, server_default=false())
    created_at: Mapped[datetime] = mapped_column(Time, server_default=func.clock_timestamp())

    @classmethod
    def of(
        cls,
        chain_id: int,
        sender: Address,
        nonce: int,
        attempt: int,
        intent_id: UUID | None,
        tx_hash: TxHash,
        raw: bytes,
        fees: Fees,
    ) -> Self:
        """A freshly signed candidate, not sent yet."""
        return cls(
            chain_id=chain_id,
            sender=sender,
            nonce=nonce,
            attempt=attempt,
            intent_id=intent_id,
            hash=tx_hash,
            raw=raw,
            max_fee=fees.max_fee,
            tip=fees.tip,
            state=TransactionState.SIGNED,
            was_mined=False,
            sends=0,
        )

    @property
    def fees(self) -> Fees:
        return Fees(int(self.max_fee), int(self.tip))
