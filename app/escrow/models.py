"""Tables of the escrow mirror, written by the indexer alone. Columns are the contract's words in snake case."""

from sqlalchemy import BigInteger, Boolean, Integer, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.chain.models import MirroredEvent
from app.database import CHAIN_SCHEMA, AddressColumn, AmountColumn, Base, ChainTime, Hash32Column


class EscrowEvent(MirroredEvent, Base):
    """One event of TaskEscrow. Arguments have their Solidity names; integers above 53 bits are decimal strings.

    `task_id` is the parent's for ChildFunded and ChildReturned, and NULL for Withdrawn, FeesCollected and
    FundingPaused; `owner` is set for PaymentOwed and Withdrawn.
    """

    __tablename__ = "escrow_events"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    task_id: Mapped[str | None] = mapped_column(Hash32Column)
    owner: Mapped[str | None] = mapped_column(AddressColumn)


class Escrow(Base):
    """A task's money, folded from its events.

    `paid` is gross (fees included), `refunded` includes the surplus of an award, `delegated` is what children hold or
    have spent: paid + refunded + delegated + remaining is the budget. Where `parent` is not zero the task is a child,
    and what it `refunded` went to its parent, never to its buyer. `since` is when the present state began, and 0 once
    the task is over, as in the contract. `agent` and `payee` stay after the end, where the contract forgets them. The
    row is final when last_block is.
    """

    __tablename__ = "escrows"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    task_id: Mapped[str] = mapped_column(Hash32Column, primary_key=True)
    chain_id: Mapped[int] = mapped_column(BigInteger)
    escrow: Mapped[str] = mapped_column(AddressColumn)

    buyer: Mapped[str] = mapped_column(AddressColumn)
    terms_agent: Mapped[str] = mapped_column(AddressColumn)
    awarder: Mapped[str] = mapped_column(AddressColumn)
    arbiter: Mapped[str] = mapped_column(AddressColumn)
    parent: Mapped[str] = mapped_column(Hash32Column)
    content: Mapped[str] = mapped_column(Hash32Column)
    salt: Mapped[str] = mapped_column(Hash32Column)
    budget: Mapped[int] = mapped_column(AmountColumn)
    child_cap: Mapped[int] = mapped_column(AmountColumn)
    award_by: Mapped[int] = mapped_column(ChainTime)
    deliver_by: Mapped[int] = mapped_column(ChainTime)
    review_seconds: Mapped[int] = mapped_column(BigInteger)
    veto_seconds: Mapped[int] = mapped_column(BigInteger)
    arbiter_seconds: Mapped[int] = mapped_column(BigInteger)
    default_share_bps: Mapped[int] = mapped_column(Integer)

    state: Mapped[int] = mapped_column(SmallInteger)
    remaining: Mapped[int] = mapped_column(AmountColumn)
    since: Mapped[int] = mapped_column(ChainTime)
    agent_id: Mapped[int | None] = mapped_column(BigInteger)
    agent: Mapped[str | None] = mapped_column(AddressColumn)
    payee: Mapped[str | None] = mapped_column(AddressColumn)
    price: Mapped[int | None] = mapped_column(AmountColumn)
    bid_digest: Mapped[str | None] = mapped_column(Hash32Column)
    transcript: Mapped[str | None] = mapped_column(Hash32Column)
    deliverable: Mapped[str | None] = mapped_column(Hash32Column)
    disputed_by: Mapped[str | None] = mapped_column(AddressColumn)
    evidence: Mapped[str | None] = mapped_column(Hash32Column)
    paid: Mapped[int] = mapped_column(AmountColumn)
    fees: Mapped[int] = mapped_column(AmountColumn)
    refunded: Mapped[int] = mapped_column(AmountColumn)
    delegated: Mapped[int] = mapped_column(AmountColumn, server_default=text("0"))
    refund_reason: Mapped[int | None] = mapped_column(SmallInteger)
    share_bps: Mapped[int | None] = mapped_column(Integer)
    by_default: Mapped[bool | None] = mapped_column(Boolean)
    reasons: Mapped[str | None] = mapped_column(Hash32Column)

    funded_block: Mapped[int] = mapped_column(BigInteger)
    funded_tx: Mapped[str] = mapped_column(Hash32Column)
    last_block: Mapped[int] = mapped_column(BigInteger)
    last_log_index: Mapped[int] = mapped_column(Integer)
    last_tx: Mapped[str] = mapped_column(Hash32Column)
    last_timestamp: Mapped[int] = mapped_column(ChainTime)


class Owed(Base):
    """What failed pushes left waiting for `withdraw`, per owner, net of fees."""

    __tablename__ = "owed"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    owner: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    amount: Mapped[int] = mapped_column(AmountColumn)
    last_block: Mapped[int] = mapped_column(BigInteger)
