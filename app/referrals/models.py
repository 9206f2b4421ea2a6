"""Codes, who named whom, what accrued, and what is paid out. A row of what accrued is never changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Account
from app.database import (
    MARKET_SCHEMA,
    Address,
    AddressColumn,
    AmountColumn,
    Base,
    ChainTime,
    Hash32Column,
    TaskId,
    TxHash,
)
from app.referrals.rules import Share


class ReferralCode(Base):
    """By what an account is named as a referrer."""

    __tablename__ = "referral_codes"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    account: Mapped[Address] = mapped_column(AddressColumn, ForeignKey(Account.address), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))


class Referral(Base):
    """Who named whom, and what was promised then."""

    __tablename__ = "referrals"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    account: Mapped[Address] = mapped_column(AddressColumn, ForeignKey(Account.address), primary_key=True)
    referrer: Mapped[Address] = mapped_column(AddressColumn, ForeignKey(Account.address))
    share_bps: Mapped[int] = mapped_column(Integer)
    cap: Mapped[int] = mapped_column(AmountColumn)
    from_block: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int] = mapped_column(ChainTime)
    named_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))

    @property
    def share(self) -> Share:
        return Share(self.account, self.referrer, self.share_bps, self.cap, self.from_block, self.until)


class ReferralAccrual(Base):
    """What a final task's fees brought a referrer, once."""

    __tablename__ = "referral_accruals"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    referrer: Mapped[Address] = mapped_column(AddressColumn, primary_key=True)
    account: Mapped[Address] = mapped_column(AddressColumn)
    fees: Mapped[int] = mapped_column(AmountColumn)
    amount: Mapped[int] = mapped_column(AmountColumn)
    ended_at: Mapped[int] = mapped_column(ChainTime)


class ReferralPayout(Base):
    """What is to be sent to a referrer in one transfer, mined above `from_block`; paid once `tx_hash` was proven."""

    __tablename__ = "referral_payouts"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    referrer: Mapped[Address] = mapped_column(AddressColumn)
    amount: Mapped[int] = mapped_column(AmountColumn)
    from_block: Mapped[int] = mapped_column(BigInteger)
    made_by: Mapped[Address] = mapped_column(AddressColumn)
    made_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
    tx_hash: Mapped[TxHash | None] = mapped_column(Hash32Column)
    block_number: Mapped[int | None] = mapped_column(BigInteger)
    proven_by: Mapped[Address | None] = mapped_column(AddressColumn)
    paid_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
