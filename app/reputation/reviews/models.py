"""Tables of reviews. What is sealed lies in a table of its own: no query of published ones can touch it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, Address, AddressColumn, Base, Digest, Hash32Column, TaskId

Time = TIMESTAMP(timezone=True)


class ReviewWindow(Base):
    """When a finished task is reviewed: from when its end was seen to be final, until both have spoken, at most until
    `closes_at`. `closed_at` is when what was sealed was published."""

    __tablename__ = "review_windows"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[Address] = mapped_column(AddressColumn)
    opened_at: Mapped[datetime] = mapped_column(Time)
    closes_at: Mapped[datetime] = mapped_column(Time)
    closed_at: Mapped[datetime | None] = mapped_column(Time)


class SealedReview(Base):
    """What nobody may read yet. `calldata` is what the registry will be asked with a buyer's signature."""

    __tablename__ = "sealed_reviews"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    side: Mapped[str] = mapped_column(Text, primary_key=True)
    author: Mapped[Address] = mapped_column(AddressColumn)
    stars: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(Text)
    comment_digest: Mapped[Digest] = mapped_column(Hash32Column)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    to_address: Mapped[Address | None] = mapped_column(AddressColumn)
    calldata: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(Time, server_default=text("clock_timestamp()"))


class Review(Base):
    """A published review. Whether a buyer's stands, and with which stars, is chain.feedback's to say; one that reached
    the registry past this service has neither words nor signature here."""

    __tablename__ = "reviews"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    side: Mapped[str] = mapped_column(Text, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[Address] = mapped_column("client", AddressColumn)
    author: Mapped[Address] = mapped_column(AddressColumn)
    stars: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str | None] = mapped_column(Text)
    comment_digest: Mapped[Digest] = mapped_column(Hash32Column)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    intent_id: Mapped[UUID | None]
    published_at: Mapped[datetime] = mapped_column("created_at", Time, server_default=text("clock_timestamp()"))


class ReviewReply(Base):
    """What the reviewed party answered, once; `side` is the review's."""

    __tablename__ = "review_replies"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    side: Mapped[str] = mapped_column(Text, primary_key=True)
    author: Mapped[Address] = mapped_column(AddressColumn)
    reply: Mapped[str] = mapped_column(Text)
    reply_digest: Mapped[Digest] = mapped_column(Hash32Column)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Time, server_default=text("clock_timestamp()"))
