"""Who stored which bytes, and who may read them; the bytes themselves lie in CONTENT_DIR by digest."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, Base, Hash32Column


class Content(Base):
    """One account's upload. Equal bytes of two accounts are two rows and one file."""

    __tablename__ = "contents"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    digest: Mapped[str] = mapped_column(Hash32Column, primary_key=True)
    owner: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class ContentGrant(Base):
    """Leave to read; a reader of None is every signed-in account."""

    __tablename__ = "content_grants"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    digest: Mapped[str] = mapped_column(Hash32Column)
    reader: Mapped[str | None] = mapped_column(AddressColumn)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
