"""Tables of tasks: what was posted, how its agent is chosen, and offers that wait for the other party's signature.

What a task *is* stands in no column: app.tasks.rules.task_state derives it from the mirror of the chain.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.chain.typed_data import Terms
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
from app.tasks.rules import Payment


class Task(Base):
    """A posted task: the terms that its id is made of, and what the market says about it.

    `batch_intent_id` is the intent that pays it together with others.
    """

    __tablename__ = "tasks"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    chain_id: Mapped[int] = mapped_column(BigInteger)
    escrow: Mapped[Address] = mapped_column(AddressColumn)
    contract_version: Mapped[str] = mapped_column(Text)
    buyer: Mapped[Address] = mapped_column(AddressColumn)
    agent: Mapped[Address] = mapped_column(AddressColumn)
    awarder: Mapped[Address] = mapped_column(AddressColumn)
    arbiter: Mapped[Address] = mapped_column(AddressColumn)
    parent: Mapped[Hash32] = mapped_column(Hash32Column)
    content: Mapped[Digest] = mapped_column(Hash32Column)
    salt: Mapped[Hash32] = mapped_column(Hash32Column)
    budget: Mapped[int] = mapped_column(AmountColumn)
    child_cap: Mapped[int] = mapped_column(AmountColumn)
    award_by: Mapped[int] = mapped_column(ChainTime)
    deliver_by: Mapped[int] = mapped_column(ChainTime)
    review_seconds: Mapped[int] = mapped_column(BigInteger)
    veto_seconds: Mapped[int] = mapped_column(BigInteger)
    arbiter_seconds: Mapped[int] = mapped_column(BigInteger)
    default_share_bps: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)
    capability: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(Text)
    payment: Mapped[str] = mapped_column(Text, default=Payment.IN_ADVANCE)
    batch_intent_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
    expiry_announced_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))

    @property
    def terms(self) -> Terms:
        """The terms as they are hashed and signed."""
        return Terms(
            buyer=self.buyer,
            agent=self.agent,
            awarder=self.awarder,
            arbiter=self.arbiter,
            parent=self.parent,
            content=Hash32(self.content),
            salt=self.salt,
            budget=self.budget,
            child_cap=self.child_cap,
            award_by=self.award_by,
            deliver_by=self.deliver_by,
            review_seconds=self.review_seconds,
            veto_seconds=self.veto_seconds,
            arbiter_seconds=self.arbiter_seconds,
            default_share_bps=self.default_share_bps,
        )


class Auction(Base):
    """How a task's agent is chosen by auction. Posting makes the row; app.auctions alone writes to it afterwards.

    It lies here because what a task is depends on it, and tasks may not import auctions. `closed_at` ends the bidding;
    at `ready_at` the bids can be read and the rule may run, which a sealed kind reaches when its reveal window ends.
    `opening` is the digest of what was fixed then: value, qualities, the seed's digest.
    """

    __tablename__ = "auctions"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column(SmallInteger, default=0)
    duration_seconds: Mapped[int] = mapped_column(Integer)
    value: Mapped[int | None] = mapped_column(AmountColumn)
    reveal_seconds: Mapped[int | None] = mapped_column(Integer)
    start_price: Mapped[int | None] = mapped_column(AmountColumn)
    decrement_bps: Mapped[int | None] = mapped_column(Integer)
    extension_seconds: Mapped[int | None] = mapped_column(Integer)
    min_quality: Mapped[int | None] = mapped_column(Integer)
    opened_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    closes_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    latest_close_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    reveals_until: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    ready_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    qualities: Mapped[Digest | None] = mapped_column(Hash32Column)
    seed_digest: Mapped[Hash32 | None] = mapped_column(Hash32Column)
    opening: Mapped[Digest | None] = mapped_column(Hash32Column)
    commit_root: Mapped[Hash32 | None] = mapped_column(Hash32Column)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    winner: Mapped[Digest | None] = mapped_column(Hash32Column)
    price: Mapped[int | None] = mapped_column(AmountColumn)
    transcript: Mapped[Digest | None] = mapped_column(Hash32Column)
    award_intent_id: Mapped[UUID | None]
    failed_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


class Offer(Base):
    """One party's signature over a verb that takes two, waiting for the other's."""

    __tablename__ = "offers"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    verb: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[Address] = mapped_column(AddressColumn, primary_key=True)
    remaining: Mapped[int] = mapped_column(AmountColumn)
    to_agent: Mapped[int | None] = mapped_column(AmountColumn)
    deadline: Mapped[int] = mapped_column(ChainTime)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))


class TaskTemplate(Base):
    """What a buyer posts again and again; `content` is as its wire shape says."""

    __tablename__ = "task_templates"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    account: Mapped[Address] = mapped_column(AddressColumn, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
