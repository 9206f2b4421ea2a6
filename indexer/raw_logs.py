"""Raw logs as they are stored: COPY sends the very rows that `indexer.log_rows` knows, and nothing is taken apart."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import IsolationLevel
from psycopg.sql import SQL, Literal

from app.chain.models import Log
from indexer import bulk, tables
from indexer.packing import BEGIN
from indexer.store import CONNECT_TIMEOUT_SECONDS, STATEMENT_TIMEOUT_MS

BATCH_END: LiteralString = """
SELECT block_number FROM chain.logs WHERE block_number > %s AND block_number <= %s
ORDER BY block_number, log_index OFFSET %s LIMIT 1
"""
ROWS = SQL(
    "COPY (SELECT {} FROM chain.logs WHERE block_number > {} AND block_number <= {} ORDER BY block_number, log_index) "
    "TO STDOUT (FORMAT BINARY)"
)
TIMES: LiteralString = "SELECT number, timestamp FROM chain.blocks WHERE number > %s AND number <= %s"


@dataclass(frozen=True, slots=True)
class RawLogs:
    """The logs of whole blocks up to `end`, and the timestamps of those."""

    end: int
    rows: Sequence[bytes]
    times: Mapping[int, int]


class LogReader:
    """Reads on a connection of its own, in a thread: the driver has a turn of the event loop for each row otherwise."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def batch(self, after: int, last: int, count: int) -> RawLogs:
        """The blocks after..last, or as many of them as have more than `count` logs."""
        async with self._turn:
            return await asyncio.to_thread(self._batch, after, last, count)

    def _batch(self, after: int, last: int, count: int) -> RawLogs:
        with self._connection.transaction():  # one snapshot: a reorg may come between
            row = self._connection.execute(BATCH_END, [after, last, count]).fetchone()
            end = row[0] if row else last
            times: dict[int, int] = dict(self._connection.execute(TIMES, [after, end]).fetchall())
            return RawLogs(end, self._rows(after, end), times)

    def _rows(self, after: int, end: int) -> list[bytes]:
        query = ROWS.format(bulk.listed(tables.names_of(Log)), Literal(after), Literal(end))
        with self._connection.cursor() as cursor, cursor.copy(query) as copied:
            rows = [bytes(row) for row in copied]
        rows[0] = rows[0].removeprefix(BEGIN)  # the header comes with the first row, the end alone
        return rows[:-1]


@asynccontextmanager
async def reading_logs(database_url: str) -> AsyncIterator[LogReader]:
    """As the owner of the tables, like whoever makes rows anew."""
    with await asyncio.to_thread(connected, database_url) as connection:
        yield LogReader(connection)


def connected(database_url: str) -> psycopg.Connection:
    connection = psycopg.connect(
        database_url,
        autocommit=True,
        options=f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC",
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
    )
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    return connection
