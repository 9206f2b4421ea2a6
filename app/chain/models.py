"""What has been read of the chain so far: the indexer writes, everybody reads."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import CHAIN_SCHEMA, AddressColumn, Base, ChainTime, Hash32Column

NOTHING_FINAL = -1


class Cursor(Base):
    """The newest mirrored block; its timestamp is the chain time.

    `contracts` are those whose events are mirrored; `halted` says why the indexer stopped for good.
    """

    __tablename__ = "cursors"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    chain_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    contracts: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    block_number: Mapped[int] = mapped_column(BigInteger)
    block_hash: Mapped[str] = mapped_column(Hash32Column)
    block_timestamp: Mapped[int] = mapped_column(ChainTime)
    finalized_number: Mapped[int] = mapped_column(BigInteger)
    head_number: Mapped[int] = mapped_column(BigInteger)
    halted: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))

    @property
    def final_up_to(self) -> int:
        """The newest block that may be called final. Nothing may while the mirror is halted: what was final may have
        been undone, and an operator has to say what holds (`backfill --from`)."""
        return self.finalized_number if self.halted is None else NOTHING_FINAL


class Block(Base):
    __tablename__ = "blocks"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(Hash32Column)
    parent_hash: Mapped[str] = mapped_column(Hash32Column)
    timestamp: Mapped[int] = mapped_column(ChainTime)


class Log(Base):
    """A raw log of a mirrored contract, kept so that a change of schema refolds instead of refetching."""

    __tablename__ = "logs"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    block_hash: Mapped[str] = mapped_column(Hash32Column)
    tx_hash: Mapped[str] = mapped_column(Hash32Column)
    tx_index: Mapped[int] = mapped_column(Integer)
    address: Mapped[str] = mapped_column(AddressColumn)
    topics: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    data: Mapped[bytes] = mapped_column(LargeBinary)


class MirroredEvent:
    """What a typed event of any mirrored contract has: its place, its name, and its arguments by Solidity's names."""

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    tx_hash: Mapped[str] = mapped_column(Hash32Column)
    block_timestamp: Mapped[int] = mapped_column(ChainTime)
    name: Mapped[str] = mapped_column(Text)
    args: Mapped[dict[str, Any]] = mapped_column(JSONB)


class QuarantinedLog(Base):
    """A log that could not be decoded; its raw form is in `logs`."""

    __tablename__ = "quarantine"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    tx_hash: Mapped[str] = mapped_column(Hash32Column)
    address: Mapped[str] = mapped_column(AddressColumn)
    reason: Mapped[str] = mapped_column(Text)
