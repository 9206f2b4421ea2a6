"""Which prices move by themselves, and every step that one took."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, AmountColumn, Base
from app.listings.models import Listing
from app.pricing.rules import Bounds


class PricingPlan(Base):
    """The bounds within which a listing's price moves. `price` is what the plan knows it to be: another one in the
    listing was set by hand and ends the plan. `seen_block` is the final block up to which won work was counted."""

    __tablename__ = "pricing_plans"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    listing_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(Listing.id), primary_key=True)
    floor: Mapped[int] = mapped_column(AmountColumn)
    ceiling: Mapped[int] = mapped_column(AmountColumn)
    step_bps: Mapped[int] = mapped_column(Integer)
    target: Mapped[int] = mapped_column(Integer)
    interval_seconds: Mapped[int] = mapped_column(Integer)
    price: Mapped[int] = mapped_column(AmountColumn)
    set_by: Mapped[str] = mapped_column(AddressColumn)
    seen_block: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    looked_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.floor, self.ceiling, self.step_bps, self.target)


class PriceStep(Base):
    """A step, the version of the listing that it made, and what it was decided by."""

    __tablename__ = "price_steps"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    listing_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(Listing.id), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    before: Mapped[int] = mapped_column(AmountColumn)
    after: Mapped[int] = mapped_column(AmountColumn)
    target: Mapped[int] = mapped_column(Integer)
    under_way: Mapped[int] = mapped_column(Integer)
    won: Mapped[int] = mapped_column(Integer)
    open_tasks: Mapped[int] = mapped_column(Integer)
    offering: Mapped[int] = mapped_column(Integer)
    stepped_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
