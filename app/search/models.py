"""The table that is searched, and the words that are known."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TIMESTAMP, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AmountColumn, Base


class SearchRow(Base):
    """A public listing of a registered agent as it is found. `stars` are hundredths of the mean of final reviews, None
    without one; `weight` orders what matches equally well (app.search.rules.weight_of). `score` is the agent's, in
    millionths, None before it was judged; `delivery_seconds` the median of its deliveries, of this capability where
    there are enough of them, None where there are too few of any."""

    __tablename__ = "search_rows"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    listing_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    capability: Mapped[str] = mapped_column(Text)
    pricing: Mapped[str] = mapped_column(Text)
    price: Mapped[int | None] = mapped_column(AmountColumn)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    available: Mapped[bool]
    words: Mapped[str] = mapped_column(TSVECTOR)
    stars: Mapped[int | None] = mapped_column(Integer)
    reviews: Mapped[int] = mapped_column(Integer)
    delivered: Mapped[int] = mapped_column(Integer)
    weight: Mapped[float] = mapped_column(REAL)
    score: Mapped[int | None] = mapped_column(Integer)
    delivery_seconds: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class SearchWord(Base):
    """A word that some listing says: what a misspelt one is compared with."""

    __tablename__ = "search_words"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    word: Mapped[str] = mapped_column(Text, primary_key=True)
