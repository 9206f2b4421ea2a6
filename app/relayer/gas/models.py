"""The books of sponsored gas: charges, the pots of tasks, credits, and invites that give some."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, Date, ForeignKey, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, AmountColumn, Base, Hash32Column


class GasCharge(Base):
    """What an intent's gas costs whom: at most, until it is settled."""

    __tablename__ = "gas_charges"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    intent_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(f"{MARKET_SCHEMA}.intents.id"), primary_key=True)
    account: Mapped[str] = mapped_column(AddressColumn)
    task_id: Mapped[str | None] = mapped_column(Hash32Column)
    payer: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    wei: Mapped[int] = mapped_column(AmountColumn)
    settled: Mapped[bool] = mapped_column(Boolean)


class GasPot(Base):
    """What a task's fee will be, in base units of the dollar: the most that its gas may cost."""

    __tablename__ = "gas_pots"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[str] = mapped_column(Hash32Column, primary_key=True)
    fee_units: Mapped[int] = mapped_column(AmountColumn)


class GasCredit(Base):
    """Something given to an account, once for each key."""

    __tablename__ = "gas_credits"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(AddressColumn)
    wei: Mapped[int] = mapped_column(AmountColumn)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class GasInvite(Base):
    """A code that gives its first holder some credit; only its hash is stored."""

    __tablename__ = "gas_invites"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    wei: Mapped[int] = mapped_column(AmountColumn)
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    redeemed_by: Mapped[str | None] = mapped_column(AddressColumn)
