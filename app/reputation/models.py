"""Reviews: the words behind the digest that the registry records. Qualities: what auctions reckon with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, Address, AddressColumn, Base, Digest, Hash32Column, TaskId


class Review(Base):
    """What a buyer said about a paid task; whether it stands is chain.feedback's to say."""

    __tablename__ = "reviews"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    client: Mapped[Address] = mapped_column(AddressColumn)
    stars: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(Text)
    comment_digest: Mapped[Digest] = mapped_column(Hash32Column)
    intent_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))


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
