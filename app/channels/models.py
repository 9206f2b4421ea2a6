"""The sequencer's books: tables of the app's own. Amounts are base units."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, Uuid
from sqlalchemy.dialects.postgresql import BYTEA, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, AmountColumn, Base, Hash32Column


class ChannelBook(Base):
    """One channel's books. `signed` is the sum of its vouchers, `reserved` what calls on their way and answers that
    wait to be paid may take yet."""

    __tablename__ = "channel_books"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    channel_id: Mapped[str] = mapped_column(Hash32Column, primary_key=True)
    payer: Mapped[str] = mapped_column(AddressColumn)
    signed: Mapped[int] = mapped_column(AmountColumn)
    reserved: Mapped[int] = mapped_column(AmountColumn)


class ChannelVoucher(Base):
    """A payee's newest voucher, which pays all that the earlier ones paid too. `asked` is what a transaction was asked
    to redeem, by `intent_id`; `since` is when the first voucher beyond it was signed."""

    __tablename__ = "channel_vouchers"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    channel_id: Mapped[str] = mapped_column(Hash32Column, primary_key=True)
    payee: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    cumulative: Mapped[int] = mapped_column(AmountColumn)
    signature: Mapped[bytes] = mapped_column(BYTEA)
    sequencer_signature: Mapped[bytes] = mapped_column(BYTEA)
    asked: Mapped[int] = mapped_column(AmountColumn)
    intent_id: Mapped[UUID | None] = mapped_column(Uuid)
    tries: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
