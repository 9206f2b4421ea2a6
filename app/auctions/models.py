"""Tables of commitments, bids and what speaks against a bidder; the auction's own row is app.tasks.models.Auction."""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, SmallInteger, Text, text
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
    """A signed bid. It is live until its agent withdraws it, or an award on it fails and it is struck.

    `led` says that it was the best of an open auction once; `accepted_price` is what a Dutch auction offered then.
    """

    __tablename__ = "bids"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    digest: Mapped[Digest] = mapped_column(Hash32Column, primary_key=True)
    task_id: Mapped[TaskId] = mapped_column(Hash32Column)
    round: Mapped[int] = mapped_column(SmallInteger, default=0)
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
    led: Mapped[bool] = mapped_column(default=False)
    accepted_price: Mapped[int | None] = mapped_column(AmountColumn)

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


class BidCommit(Base):
    """An agent's word that it will bid; a later one takes its place. `sealed` is the bid, for the auctioneer's eyes,
    from its reveal until all are shown."""

    __tablename__ = "bid_commits"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    round: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    agent: Mapped[Address] = mapped_column(AddressColumn)
    commitment: Mapped[Hash32] = mapped_column(Hash32Column)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    committed_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    revealed_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


class RevealFailure(Base):
    """A bidder who did not stand by his commitment. It weighs as much as the task's budget, in base units."""

    __tablename__ = "reveal_failures"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    round: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    agent: Mapped[Address] = mapped_column(AddressColumn)
    budget: Mapped[int] = mapped_column(AmountColumn)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))


class CounterOffer(Base):
    """What a buyer who chooses himself would pay for a bid; its agent answers with another bid, or declines."""

    __tablename__ = "counter_offers"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    bid_digest: Mapped[Digest] = mapped_column(Hash32Column, primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    price: Mapped[int] = mapped_column(AmountColumn)
    words: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
    declined_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
