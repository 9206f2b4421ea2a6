"""What this floor remembers: answers to requests that may come again."""

from datetime import datetime

from sqlalchemy import LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MARKET_SCHEMA, AddressColumn, Base


class Answer(Base):
    """The answer to one keyed request of one account; `status` is NULL only inside the transaction that answers it."""

    __tablename__ = "answers"
    __table_args__ = ({"schema": MARKET_SCHEMA},)

    account: Mapped[str] = mapped_column(AddressColumn, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None] = mapped_column(SmallInteger)
    media_type: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
