"""The tables of calls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, Address, AddressColumn, AmountColumn, Base, Hash32Column


class PulledCall(Base):
    """One try of a call, for an agent that asks for it. It is taken once, and over when it ends or expires."""

    __tablename__ = "pulled_calls"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    agent_id: Mapped[int] = mapped_column(BigInteger)
    call_id: Mapped[str] = mapped_column(Text)
    input: Mapped[bytes] = mapped_column(BYTEA)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    taken_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    answer: Mapped[Any] = mapped_column(JSONB)
    failure: Mapped[str | None] = mapped_column(Text)


class PullingAgent(Base):
    """When an agent last asked for calls."""

    __tablename__ = "pulling_agents"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class Call(Base):
    """One call of an account, named by it. `asked` is the request, `attempts` every try with what was known of those
    among whom it chose. A running one whose deadline is over was lost with the process that carried it; `run` counts
    how often it was begun. `price` (base units) is what a running one may take of its channel, then what its answer
    costs; a held one waits for the voucher that says `cumulative` for its `payee`."""

    __tablename__ = "calls"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    account: Mapped[Address] = mapped_column(AddressColumn, primary_key=True)
    call_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    agent_id: Mapped[int | None] = mapped_column(BigInteger)
    answer: Mapped[Any] = mapped_column(JSONB)
    problem: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=text("clock_timestamp()"))
    deadline: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    run: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    channel_id: Mapped[str | None] = mapped_column(Hash32Column)
    payee: Mapped[str | None] = mapped_column(AddressColumn)
    price: Mapped[int] = mapped_column(AmountColumn, server_default=text("0"))
    cumulative: Mapped[int | None] = mapped_column(AmountColumn)
