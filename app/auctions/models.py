"""The table of bids; the auction's own row is app.tasks.models.Auction."""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.chain.typed_data import Bid
from app.database import (
    MARKET_SCHEMA,
    Address,
    AddressColumn,
    AmountColumn,
    Base,
    ChainTime,
    Digest,
    Hash32,
    Hash32Column,
    TaskId,
)


class PlacedBid(Base):
    """A signed bid. It is live until its agent withdraws it, or an award on it fails and it is struck."""

    __tablename__ = "bids"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    digest: Mapped[Digest] = mapped_column(Hash32Column, primary_key=True)
    task_id: Mapped[TaskId] = mapped_column(Hash32Column)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    agent: Mapped[Address] = mapped_column(AddressColumn)
    payee: Mapped[Address] = mapped_column(AddressColumn)
    min_price: Mapped[int] = mapped_column(AmountColumn)
    min_work_seconds: Mapped[int] = mapped_column(ChainTime)
    valid_until: Mapped[int] = mapped_column(ChainTime)
    salt: Mapped[Hash32] = mapped_column(Hash32Column)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    placed_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    struck_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    struck_reason: Mapped[str | None] = mapped_column(Text)

    @property
    def bid(self) -> Bid:
        """The bid as it was signed."""
        return Bid(
            task_id=self.task_id,
            agent_id=self.agent_id,
            agent=self.agent,
            payee=self.payee,
            min_price=self.min_price,
            min_work_seconds=self.min_work_seconds,
            valid_until=self.valid_until,
            salt=self.salt,
        )
