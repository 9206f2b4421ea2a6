"""The tables of models and of what still has to be made. That of vectors is there only where pgvector is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Integer, LargeBinary, Text, Uuid, column, table, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from app.database import MARKET_SCHEMA, Base


class MeaningModel(Base):
    """`name` is an embedder's; `fitted` its bytes where it was fitted here, on so many `texts`. It is searched once
    it is ready: when every listing that was there at its making has a vector."""

    __tablename__ = "meaning_models"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    dimensions: Mapped[int] = mapped_column(Integer)
    fitted: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    texts: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
    ready_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


class MeaningDue(Base):
    """A listing whose vector has to be made, or made anew."""

    __tablename__ = "meaning_due"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    model_id: Mapped[int] = mapped_column(ForeignKey(MeaningModel.id), primary_key=True)
    listing_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


LISTING_VECTORS = table("listing_vectors", column("model_id"), column("listing_id"), schema=MARKET_SCHEMA)


class Vector(UserDefinedType[str]):
    """A vector of pgvector with its length; text on the way in."""

    cache_ok = True

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_: object) -> str:
        return f"vector({self.dimensions})"
