"""The table of evidence; the dispute itself is the chain's."""

from datetime import datetime

from sqlalchemy import Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, Address, AddressColumn, Base, Digest, Hash32Column, TaskId


class Evidence(Base):
    """A stored content that a party shows to the other and to the arbiter."""

    __tablename__ = "evidence"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    account: Mapped[Address] = mapped_column(AddressColumn, primary_key=True)
    digest: Mapped[Digest] = mapped_column(Hash32Column, primary_key=True)
    party: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
