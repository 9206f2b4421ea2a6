"""The identity registry's mirror, written by the indexer alone."""

from typing import Any

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database import CHAIN_SCHEMA, AddressColumn, Base, ChainTime, Hash32Column


class ChainAgent(Base):
    """A registered agent. `metadata` maps key to 0x-hex bytes; `wallet` is NULL while none is set.

    Text has U+FFFD in the place of NUL and of bytes that are not UTF-8: the digest-bound original is on chain.
    """

    __tablename__ = "agents"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    owner: Mapped[str] = mapped_column(AddressColumn)
    uri: Mapped[str] = mapped_column(Text)
    wallet: Mapped[str | None] = mapped_column(AddressColumn)
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata", JSONB)
    registered_block: Mapped[int] = mapped_column(BigInteger)
    last_block: Mapped[int] = mapped_column(BigInteger)


class AgentEvent(Base):
    """One event of IdentityRegistry that concerns an agent."""

    __tablename__ = "agent_events"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    tx_hash: Mapped[str] = mapped_column(Hash32Column)
    block_timestamp: Mapped[int] = mapped_column(ChainTime)
    name: Mapped[str] = mapped_column(Text)
    args: Mapped[dict[str, Any]] = mapped_column(JSONB)
    agent_id: Mapped[int] = mapped_column(BigInteger)
