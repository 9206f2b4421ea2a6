"""The reputation registry's mirror, written by the indexer alone."""

from sqlalchemy import BigInteger, Boolean, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.chain.models import MirroredEvent
from app.database import CHAIN_SCHEMA, AddressColumn, AmountColumn, Base, Hash32Column


class Feedback(Base):
    """One entry of feedback: `value` (signed) at `value_decimals`; `task_id` names the task that earned it."""

    __tablename__ = "feedback"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    agent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    client: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    feedback_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    task_id: Mapped[str | None] = mapped_column(Hash32Column)
    value: Mapped[int] = mapped_column(AmountColumn)
    value_decimals: Mapped[int] = mapped_column(SmallInteger)
    tag1: Mapped[str] = mapped_column(Text)
    tag2: Mapped[str] = mapped_column(Text)
    endpoint: Mapped[str] = mapped_column(Text)
    feedback_uri: Mapped[str] = mapped_column(Text)
    feedback_hash: Mapped[str] = mapped_column(Hash32Column)
    revoked: Mapped[bool] = mapped_column(Boolean)
    block_number: Mapped[int] = mapped_column(BigInteger)
    last_block: Mapped[int] = mapped_column(BigInteger)
    tx_hash: Mapped[str] = mapped_column(Hash32Column)


class FeedbackEvent(MirroredEvent, Base):
    """One event of ReputationRegistry."""

    __tablename__ = "feedback_events"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    agent_id: Mapped[int] = mapped_column(BigInteger)
    client: Mapped[str] = mapped_column(AddressColumn)
    feedback_index: Mapped[int] = mapped_column(BigInteger)
