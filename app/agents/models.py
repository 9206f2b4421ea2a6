"""What an agent's controller says of it here, and what buyers said; what the registry says is in mirror_models."""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, SmallInteger, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, Address, AddressColumn, Base, Hash32Column


class AgentProfile(Base):
    """Name and description of an agent; it outlives a reorg of the registration and a change of owner."""

    __tablename__ = "agent_profiles"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    endpoint: Mapped[str | None] = mapped_column(Text)
    updated_by: Mapped[str] = mapped_column(AddressColumn)
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class StandingReview(Base):
    """A view: published reviews that stand, with the stars that count. It lies here because profiles show what it adds
    up to; app.reputation.reviews writes what it is made of."""

    __tablename__ = "standing_reviews"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[str] = mapped_column(Hash32Column, primary_key=True)
    side: Mapped[str] = mapped_column(Text, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[Address] = mapped_column("client", AddressColumn)
    stars: Mapped[int] = mapped_column(SmallInteger)


class AgentHeartbeat(Base):
    """When an agent last said that it lives, and whether it takes work."""

    __tablename__ = "agent_heartbeats"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class AgentPerformance(Base):
    """What an agent's final work adds up to: of one capability, and of all where `capability` is empty. app.analytics
    alone writes it; it lies here because the profile shows it.

    `median_seconds` and `p90_seconds` are of the `timed` newest paid deliveries, at most 200, in the chain's time.
    """

    __tablename__ = "performances"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    capability: Mapped[str] = mapped_column(Text, primary_key=True)
    awarded: Mapped[int] = mapped_column(Integer)
    delivered: Mapped[int] = mapped_column(Integer)
    finished: Mapped[int] = mapped_column(Integer)
    abandoned: Mapped[int] = mapped_column(Integer)
    missed: Mapped[int] = mapped_column(Integer)
    timed: Mapped[int] = mapped_column(Integer)
    median_seconds: Mapped[int | None] = mapped_column(BigInteger)
    p90_seconds: Mapped[int | None] = mapped_column(BigInteger)
