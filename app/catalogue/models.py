"""The table of capabilities."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.catalogue.rules import Contract, Version
from app.database import MARKET_SCHEMA, AddressColumn, Base


class Capability(Base):
    """A version of a capability, which never changes. Who published the first version publishes the others."""

    __tablename__ = "capabilities"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    major: Mapped[int] = mapped_column(Integer, primary_key=True)
    minor: Mapped[int] = mapped_column(Integer, primary_key=True)
    description: Mapped[str] = mapped_column(Text)
    input: Mapped[Any] = mapped_column(JSONB)
    output: Mapped[Any] = mapped_column(JSONB)
    published_by: Mapped[str] = mapped_column(AddressColumn)
    published_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))

    @property
    def version(self) -> Version:
        return Version(self.major, self.minor)

    @property
    def contract(self) -> Contract:
        return Contract(self.input, self.output)
