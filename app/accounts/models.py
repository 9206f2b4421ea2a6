"""Accounts and their wallets; of every credential only its hash is stored."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, Base


class Account(Base):
    """Whoever stands behind one or more wallets. The first of them names it, and stays its own."""

    __tablename__ = "accounts"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    address: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class Wallet(Base):
    """An address that showed control of its key to this account; it belongs to one account at a time."""

    __tablename__ = "wallets"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    address: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    account: Mapped[str] = mapped_column(AddressColumn, ForeignKey(Account.address))
    linked_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class SignInNonce(Base):
    """A challenge that was given out and not yet used; using it deletes it. `link_to` is the account that asks to
    take the wallet in, None for signing in."""

    __tablename__ = "sign_in_nonces"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    nonce: Mapped[str] = mapped_column(Text, primary_key=True)
    client_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    address: Mapped[str] = mapped_column(AddressColumn)
    link_to: Mapped[str | None] = mapped_column(AddressColumn)
    issued_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class Session(Base):
    """A signed-in stretch of time, kept alive by refresh tokens of which each works once. `wallet` opened it."""

    __tablename__ = "sessions"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(AddressColumn, ForeignKey(Account.address))
    wallet: Mapped[str] = mapped_column(AddressColumn, ForeignKey(Wallet.address))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


class RefreshToken(Base):
    """One link of a session's chain. A used one that comes again ends the session: somebody has a copy."""

    __tablename__ = "refresh_tokens"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey(Session.id))
    issued_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


class ApiKey(Base):
    """A program's key: its hash, what it may do, until when. `hint` is its beginning, `wallet` whom it acts as."""

    __tablename__ = "api_keys"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    account: Mapped[str] = mapped_column(AddressColumn, ForeignKey(Account.address))
    wallet: Mapped[str] = mapped_column(AddressColumn, ForeignKey(Wallet.address))
    name: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
