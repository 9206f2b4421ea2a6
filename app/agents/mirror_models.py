"""The identity registry's mirror, written by the indexer alone."""

from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.chain.models import MirroredEvent
from app.database import CHAIN_SCHEMA, AddressColumn, Base


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


class AgentEvent(MirroredEvent, Base):
    """One event of IdentityRegistry that concerns an agent."""

    __tablename__ = "agent_events"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    agent_id: Mapped[int] = mapped_column(BigInteger)
