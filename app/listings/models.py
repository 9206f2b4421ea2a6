"""What agents offer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AmountColumn, Base


class Listing(Base):
    """An offer of an agent; `price` is base units for one `unit`, None where it is to be agreed."""

    __tablename__ = "listings"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    capability: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    price: Mapped[int | None] = mapped_column(AmountColumn)
    unit: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
