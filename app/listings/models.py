"""What agents offer, and every version of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, AmountColumn, Base


class Listing(Base):
    """An offer of an agent as it stands; `price` is base units for what its `pricing` says, None where that has none.

    `limits` are whole numbers by name; `tiers` and `samples` are as in the rules, amounts as strings.
    """

    __tablename__ = "listings"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    capability: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    keeps_to: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    pricing: Mapped[str] = mapped_column(Text)
    price: Mapped[int | None] = mapped_column(AmountColumn)
    unit: Mapped[str] = mapped_column(Text)
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    visibility: Mapped[str] = mapped_column(Text)
    availability: Mapped[str] = mapped_column(Text)
    endpoint: Mapped[str | None] = mapped_column(Text)
    limits: Mapped[dict[str, int]] = mapped_column(JSONB)
    samples: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class ListingVersion(Base):
    """What a listing said from some time on: its fields as JSON, amounts as strings."""

    __tablename__ = "listing_versions"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    listing_id: Mapped[UUID] = mapped_column(ForeignKey(Listing.id), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_by: Mapped[str | None] = mapped_column(AddressColumn)
    changed_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
