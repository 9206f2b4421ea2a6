"""The table of deals."""

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AmountColumn, Base, ChainTime, Hash32Column, TaskId


class Deal(Base):
    """A task that ended for good. `paid` is gross of fees; times are unix seconds of the chain.

    `delivered_at` is the last submission, `missed` says that the agent let the deadline pass, `own` that buyer and
    agent were wallets of one account when it was recorded.
    """

    __tablename__ = "deals"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    task_id: Mapped[TaskId] = mapped_column(Hash32Column, primary_key=True)
    capability: Mapped[str] = mapped_column(Text)
    content_bytes: Mapped[int] = mapped_column(BigInteger)
    agent_id: Mapped[int | None] = mapped_column(BigInteger)
    budget: Mapped[int] = mapped_column(AmountColumn)
    price: Mapped[int | None] = mapped_column(AmountColumn)
    paid: Mapped[int] = mapped_column(AmountColumn)
    fees: Mapped[int] = mapped_column(AmountColumn)
    outcome: Mapped[str] = mapped_column(Text)
    funded_at: Mapped[int] = mapped_column(ChainTime)
    awarded_at: Mapped[int | None] = mapped_column(ChainTime)
    delivered_at: Mapped[int | None] = mapped_column(ChainTime)
    missed: Mapped[bool]
    own: Mapped[bool]
    ended_at: Mapped[int] = mapped_column(ChainTime)
