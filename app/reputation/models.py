"""Qualities: what auctions reckon with. Audits, and what scores were made of."""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import (
    MARKET_SCHEMA,
    Address,
    AddressColumn,
    AmountColumn,
    Base,
    ChainTime,
    Digest,
    Hash32Column,
    TaskId,
)


class QualitySnapshot(Base):
    """Every agent's quality at one time, named by the digest of its document; an agent without an entry has `prior`."""

    __tablename__ = "quality_snapshots"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    digest: Mapped[Digest] = mapped_column(Hash32Column, primary_key=True)
    formula: Mapped[str] = mapped_column(Text)
    prior: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))


class QualityEntry(Base):
    """One agent's quality in a snapshot, in millionths: the chance that it delivers well."""

    __tablename__ = "quality_entries"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    snapshot: Mapped[Digest] = mapped_column(Hash32Column, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    quality: Mapped[int] = mapped_column(Integer)


class Audit(Base):
    """Work that was checked by doing it again, or that was ordered in order to be checked. `report` is the SHA-256 of
    what the auditor wrote down."""

    __tablename__ = "audits"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    passed: Mapped[bool]
    method: Mapped[str] = mapped_column(Text)
    report: Mapped[Digest] = mapped_column(Hash32Column)
    auditor: Mapped[Address] = mapped_column(AddressColumn)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))


class JudgedJob(Base):
    """What an ended task said when scores were last made; `kinds` are the chances, in millionths, that its rater is
    honest or a liar of each kind."""

    __tablename__ = "judged_jobs"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    rater: Mapped[Address] = mapped_column(AddressColumn)
    value: Mapped[int] = mapped_column(AmountColumn)
    rating: Mapped[int] = mapped_column(SmallInteger)
    audit: Mapped[int] = mapped_column(SmallInteger)
    ended_at: Mapped[int] = mapped_column(ChainTime)
    kinds: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class JudgedAgent(Base):
    """An agent's score when scores were last made, all in millionths: `deviation` is the standard deviation of what is
    believed of its quality, `standings` the chances of how it stands to those who lie."""

    __tablename__ = "judged_agents"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    score: Mapped[int] = mapped_column(Integer)
    deviation: Mapped[int] = mapped_column(Integer)
    standings: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    silence: Mapped[int] = mapped_column(Integer)
    jobs: Mapped[int] = mapped_column(Integer)
    formula: Mapped[str] = mapped_column(Text)
    until: Mapped[int] = mapped_column(ChainTime)
