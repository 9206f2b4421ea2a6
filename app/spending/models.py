"""Policies, who approves, what was asked and what was spent. The history is insert-only."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKey, Identity, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, AmountColumn, Base, Hash32Column

Time = TIMESTAMP(timezone=True)
APPROVALS_ID = f"{MARKET_SCHEMA}.approvals.id"


class SpendPolicy(Base):
    """An account's own limits; None means none. Amounts are base units."""

    __tablename__ = "spend_policies"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    account: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    per_task: Mapped[int | None] = mapped_column(AmountColumn)
    per_day: Mapped[int | None] = mapped_column(AmountColumn)
    per_month: Mapped[int | None] = mapped_column(AmountColumn)
    alert_bps: Mapped[int] = mapped_column(Integer)
    approve_above: Mapped[int | None] = mapped_column(AmountColumn)
    approval_seconds: Mapped[int] = mapped_column(Integer)
    agents: Mapped[list[str] | None] = mapped_column(ARRAY(AddressColumn))
    capabilities: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    updated_at: Mapped[datetime] = mapped_column(Time)


class Approver(Base):
    """Who may say yes for an account: of the first rank at once, of the second once half the time has gone by.

    `delegated_by` lent his own right, until `until`.
    """

    __tablename__ = "approvers"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    account: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    approver: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    rank: Mapped[int] = mapped_column(Integer)
    delegated_by: Mapped[str | None] = mapped_column(AddressColumn)
    until: Mapped[datetime | None] = mapped_column(Time)


class Approval(Base):
    """One task's money, asked for and decided."""

    __tablename__ = "approvals"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account: Mapped[str] = mapped_column(AddressColumn)
    task_id: Mapped[str] = mapped_column(Hash32Column)
    amount: Mapped[int] = mapped_column(AmountColumn)
    state: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Time)
    escalates_at: Mapped[datetime] = mapped_column(Time)
    expires_at: Mapped[datetime] = mapped_column(Time)
    decided_by: Mapped[str | None] = mapped_column(AddressColumn)
    decided_at: Mapped[datetime | None] = mapped_column(Time)


class ApprovalAct(Base):
    """What somebody did about an approval."""

    __tablename__ = "approval_acts"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    approval_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(APPROVALS_ID))
    actor: Mapped[str] = mapped_column(AddressColumn)
    act: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Time)


class Spend(Base):
    """What an intent would take from its account."""

    __tablename__ = "spends"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    intent_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(f"{MARKET_SCHEMA}.intents.id"), primary_key=True)
    account: Mapped[str] = mapped_column(AddressColumn)
    amount: Mapped[int] = mapped_column(AmountColumn)
    day: Mapped[date] = mapped_column(Date)
