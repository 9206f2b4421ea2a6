"""Tables of the trail: the app inserts entries and origins, market.link_trail gives entries their links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, Base
from app.trail.rules import Facts


class Entry(Base):
    """One call that changed something; `position`, `previous` and `hash` are NULL until it is linked."""

    __tablename__ = "trail_entries"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    account: Mapped[str | None] = mapped_column(AddressColumn)
    session_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    method: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column(SmallInteger)
    request_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    answer_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    origin_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    position: Mapped[int | None] = mapped_column(BigInteger)
    previous: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    @property
    def facts(self) -> Facts:
        return Facts(
            id=self.id,
            at=self.at,
            account="" if self.account is None else self.account[2:].lower(),
            session_id=str(self.session_id or ""),
            key_id=str(self.key_id or ""),
            method=self.method,
            path=self.path,
            status=self.status,
            request_digest=self.request_digest.hex(),
            answer_digest=self.answer_digest.hex(),
            origin_digest=self.origin_digest.hex(),
        )


class Origin(Base):
    """Where a call came from: personal data, kept apart so that it can go."""

    __tablename__ = "trail_origins"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Entry.id), primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    network: Mapped[str] = mapped_column(Text)
    user_agent: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)


class Anchor(Base):
    """A link that was sent to the chain; how far it came is its intent's to say."""

    __tablename__ = "trail_anchors"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    intent_id: Mapped[UUID] = mapped_column(ForeignKey(f"{MARKET_SCHEMA}.intents.id"), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
