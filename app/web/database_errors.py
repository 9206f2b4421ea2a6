"""What the driver says about the database, translated at the edge."""

from collections.abc import Iterator
from contextlib import contextmanager
from socket import gaierror

from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import DatabaseUnavailable, GuildhallError, ValueRefused

CANNOT_HOLD = "22"
"""SQLSTATE class of data exceptions: a value that passed our checks and not PostgreSQL's."""

TRY_AGAIN = ("08", "40", "53", "55P03", "57")
"""SQLSTATE prefixes: connection, serialization and deadlock, resources, lock not available, shutdown."""


@contextmanager
def translating() -> Iterator[None]:
    """Raises the domain error in the place of the driver's; whatever else is raised passes."""
    try:
        yield
    except Exception as error:
        known = translate(error)
        if known is None:
            raise
        raise known from error


def translate(error: Exception) -> GuildhallError | None:
    """The domain error behind a driver's error, or None where it is a fault of ours."""
    if isinstance(error, (PoolTimeout, ConnectionError, TimeoutError, gaierror)) or is_bare(error):
        return DatabaseUnavailable()
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return DatabaseUnavailable()
    state = sqlstate_of(error)
    if state.startswith(CANNOT_HOLD):
        return ValueRefused()
    if state.startswith(TRY_AGAIN):
        return DatabaseUnavailable()
    return None


def is_bare(error: Exception) -> bool:
    """asyncio's summary of several refused addresses is an OSError without a number."""
    return type(error) is OSError and error.errno is None


def sqlstate_of(error: Exception) -> str:
    """The five-character SQLSTATE, or nothing. Connecting raises the driver's errors bare."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(origin, "sqlstate", None) or "") if isinstance(error, (DBAPIError, PostgresError)) else ""
