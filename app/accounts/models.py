"""Accounts are wallet addresses; sessions hold the hash of an opaque token, never the token."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, Base


class Account(Base):
    """A wallet that signed in at least once."""

    __tablename__ = "accounts"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    address: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class SignInNonce(Base):
    """A challenge that was given out and not yet used; using it deletes it."""

    __tablename__ = "sign_in_nonces"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    nonce: Mapped[str] = mapped_column(Text, primary_key=True)
    address: Mapped[str] = mapped_column(AddressColumn)
    issued_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class Session(Base):
    """A signed-in stretch of time."""

    __tablename__ = "sessions"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    address: Mapped[str] = mapped_column(AddressColumn, ForeignKey(Account.address))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
