"""The engine, the declarative base and the column types that keep one canonical form.

A process connects with DATABASE_URL and takes its role (`guildhall_app`, `guildhall_indexer`) in the connection's
options, so that one URL serves all and each may write only its own schema.
"""

from typing import Any, NewType

from eth_utils.address import to_checksum_address
from sqlalchemy import BigInteger, Dialect, LargeBinary, MetaData, Numeric
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.ext.asyncio.session import AsyncSession
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

APP_ROLE = "guildhall_app"
INDEXER_ROLE = "guildhall_indexer"
CHAIN_SCHEMA = "chain"
MARKET_SCHEMA = "market"

Address = NewType("Address", str)
"""An EIP-55 checksummed address."""

Hash32 = NewType("Hash32", str)
"""0x and 64 lower-case hex digits."""

TaskId = NewType("TaskId", Hash32)
Digest = NewType("Digest", Hash32)
TxHash = NewType("TxHash", Hash32)


class Base(DeclarativeBase):
    """The parent of every table; migrations, not metadata, build the database."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    )


class AddressColumn(TypeDecorator[str]):
    """20 bytes in the table, a checksummed string in Python."""

    impl = LargeBinary(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value[2:])

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else to_checksum_address(bytes(value))


class Hash32Column(TypeDecorator[str]):
    """32 bytes in the table, 0x and lower-case hex in Python."""

    impl = LargeBinary(32)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value[2:])

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else "0x" + bytes(value).hex()


class AmountColumn(TypeDecorator[int]):
    """NUMERIC(78,0) base units in the table, int in Python."""

    impl = Numeric(78, 0)
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


ChainTime = BigInteger
"""Unix seconds of a block; never compared with the database's clock."""


def make_engine(url: str, *, role: str = APP_ROLE, pool_size: int = 10) -> AsyncEngine:
    """An asyncpg engine whose connections act as `role`. Connecting and each statement have time-outs."""
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args={
            "timeout": 5,
            "command_timeout": 30,
            "server_settings": {"role": role, "timezone": "UTC", "application_name": f"guildhall {role}"},
        },
    )


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions that never refresh behind one's back."""
    return async_sessionmaker(engine, expire_on_commit=False)
