"""Tables of the channels' mirror, written by the indexer alone."""

from sqlalchemy import BigInteger, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.chain.models import MirroredEvent
from app.database import CHAIN_SCHEMA, AddressColumn, AmountColumn, Base, ChainTime, Hash32Column


class ChannelEvent(MirroredEvent, Base):
    """One event of PaymentChannel.

    `channel_id` is NULL for Withdrawn, and for PaymentOwed of a batch, which pays for many channels at once; `owner` is
    set for these two.
    """

    __tablename__ = "channel_events"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    channel_id: Mapped[str | None] = mapped_column(Hash32Column)
    owner: Mapped[str | None] = mapped_column(AddressColumn)


class Channel(Base):
    """A channel's money, folded from its events.

    `deposited` is all that came in: paid + returned + moved into `tasks` + what is left. `payee` or `sequencer` is
    zero, and a zero `signer` is the payer. `closes_at` is when vouchers end, 0 while nobody closes.
    """

    __tablename__ = "channels"
    __table_args__ = ({"schema": CHAIN_SCHEMA},)

    channel_id: Mapped[str] = mapped_column(Hash32Column, primary_key=True)
    payer: Mapped[str] = mapped_column(AddressColumn)
    payee: Mapped[str] = mapped_column(AddressColumn)
    sequencer: Mapped[str] = mapped_column(AddressColumn)
    signer: Mapped[str] = mapped_column(AddressColumn)
    challenge_seconds: Mapped[int] = mapped_column(BigInteger)
    salt: Mapped[str] = mapped_column(Hash32Column)

    state: Mapped[int] = mapped_column(SmallInteger)
    deposited: Mapped[int] = mapped_column(AmountColumn)
    paid: Mapped[int] = mapped_column(AmountColumn)
    returned: Mapped[int] = mapped_column(AmountColumn)
    tasks: Mapped[int] = mapped_column(AmountColumn)
    closes_at: Mapped[int] = mapped_column(ChainTime)

    opened_block: Mapped[int] = mapped_column(BigInteger)
    opened_tx: Mapped[str] = mapped_column(Hash32Column)
    last_block: Mapped[int] = mapped_column(BigInteger)
    last_log_index: Mapped[int] = mapped_column(Integer)
    last_tx: Mapped[str] = mapped_column(Hash32Column)
