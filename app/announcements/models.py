"""Tables of the announcements; `announce` inserts, the sequencer gives positions, nothing is deleted."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Identity, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, Base


class Announcement(Base):
    __tablename__ = "announcements"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    position: Mapped[int | None] = mapped_column(BigInteger)
    topic: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class ReactionCursor(Base):
    __tablename__ = "reaction_cursors"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
