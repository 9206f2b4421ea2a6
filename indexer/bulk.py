"""How rows travel to PostgreSQL: binary COPY for what is appended, upserts for what is folded."""

from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import NamedTuple

from psycopg import AsyncConnection
from psycopg.abc import Buffer, Query
from psycopg.copy import AsyncLibpqWriter
from psycopg.errors import UniqueViolation
from psycopg.generators import copy_to
from psycopg.sql import SQL, Composable, Composed, Identifier, Placeholder

from app.database import Base
from indexer.packing import BEGIN, END, copied, packer_of
from indexer.tables import Row, converters_of, key_of, names_of, pg_type, qualified, table_of

STAGED_FROM = 50
"""Rows; for fewer a temporary table costs more than it saves."""
PIECE_BYTES = 1 << 20


class LargeWriter(AsyncLibpqWriter):
    """Hands rows on by the megabyte: the driver's own pieces cost a turn of the event loop for every 100 rows."""

    async def write(self, data: Buffer) -> None:
        view = memoryview(data)
        for start in range(0, len(view), PIECE_BYTES):
            await self.connection.wait(copy_to(self._pgconn, view[start : start + PIECE_BYTES]))


async def copy(
    connection: AsyncConnection, into: Query, packed: Iterable[bytes], halfway: Callable[[], None] | None = None
) -> None:
    """Sends packed rows (indexer.packing) by binary COPY, where there are any; `halfway` is called among them."""
    parts = [part for part in packed if part]
    if not parts:
        return
    async with connection.cursor() as cursor, cursor.copy(into, writer=LargeWriter(cursor)) as target:
        if sum(map(len, parts)) < PIECE_BYTES and halfway is None:
            await target.write(copied(parts))
            return
        await target.write(BEGIN)
        middle = len(parts[0]) // 2
        await target.write(parts[0][:middle])
        if halfway:
            halfway()
        for part in (parts[0][middle:], *parts[1:], END):
            await target.write(part)


@cache
def copy_into(model: type[Base], names: tuple[str, ...] | None = None) -> Composed:
    """The COPY of the named columns, or of all in the model's order."""
    return copying(qualified(model), listed(names or names_of(model)))


Rows = Sequence[Row] | bytes
"""A few rows as statements take them, or many packed."""


class Staged(NamedTuple):
    """Statements that make a temporary table, which each commit empties, copy into it, and store from it."""

    make: Composed
    into: Composed
    store: Composed


def rows_of(model: type[Base], rows: Sequence[Row], names: tuple[str, ...] = ()) -> Rows:
    """Makes rows of the named columns, or of all, ready for a statement; packing many takes its time."""
    if len(rows) < STAGED_FROM:
        return [columned(model, row, names) for row in rows]
    return b"".join(map(packer_of(model, names or None), rows))


async def upsert(connection: AsyncConnection, model: type[Base], rows: Rows) -> None:
    """Inserts whole rows, or replaces those with their key; packed ones by way of a temporary table."""
    await store(connection, rows, staged_upsert(model), upsert_statement(model))


async def update(
    connection: AsyncConnection,
    model: type[Base],
    names: tuple[str, ...],
    rows: Rows,
    *,
    keep: frozenset[str] = frozenset(),
) -> None:
    """Replaces the named columns of rows that are there, the key among them; NULL leaves those to `keep` alone."""
    await store(connection, rows, staged_update(model, names, keep), update_statement(model, names, keep))


async def store(connection: AsyncConnection, rows: Rows, staged: Staged, statement: Composed) -> None:
    if not rows:
        return
    if isinstance(rows, bytes):
        await connection.execute(staged.make)
        await copy(connection, staged.into, [rows])
        await connection.execute(staged.store)
        return
    async with connection.cursor() as cursor:
        await cursor.executemany(statement, rows)


async def insert(connection: AsyncConnection, model: type[Base], rows: Rows) -> None:
    """As `upsert`, for rows of which none is there as a rule: many are copied straight into the table."""
    if isinstance(rows, bytes) and rows:
        with suppress(UniqueViolation):
            async with connection.transaction():  # a savepoint, so that one old row is all that is lost
                await copy(connection, copy_into(model), [rows])
            return
    await upsert(connection, model, rows)


def columned(model: type[Base], row: Row, names: tuple[str, ...] = ()) -> Row:
    """A fold's values as statements take them."""
    return [convert(value) for (_name, convert), value in zip(converters_of(model, names), row, strict=True)]


@cache
def staged_upsert(model: type[Base]) -> Staged:
    stage, names = Identifier("pg_temp", f"staged_{table_of(model).name}"), listed(names_of(model))
    make = SQL("CREATE TEMP TABLE IF NOT EXISTS {} (LIKE {}) ON COMMIT DELETE ROWS").format(stage, qualified(model))
    return Staged(make, copying(stage, names), upserting(model, SQL("SELECT {} FROM {}").format(names, stage)))


@cache
def staged_update(model: type[Base], names: tuple[str, ...], keep: frozenset[str]) -> Staged:
    stage = Identifier("pg_temp", f"changed_{table_of(model).name}")
    make = SQL("CREATE TEMP TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WITH NO DATA").format(
        stage, listed(names), qualified(model)
    )
    return Staged(make, copying(stage, listed(names)), updating(model, names, keep, stage))


def copying(table: Identifier, names: Composed) -> Composed:
    return SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(table, names)


@cache
def upsert_statement(model: type[Base]) -> Composed:
    places = SQL(", ").join([Placeholder()] * len(names_of(model)))
    return upserting(model, SQL("VALUES ({})").format(places))


@cache
def update_statement(model: type[Base], names: tuple[str, ...], keep: frozenset[str]) -> Composed:
    columns = table_of(model).columns
    places = [SQL("%s::") + SQL(pg_type(columns[name].type)) for name in names]
    return updating(model, names, keep, SQL("(VALUES ({}))").format(SQL(", ").join(places)))


def updating(model: type[Base], names: Sequence[str], keep: Container[str], given: Composable) -> Composed:
    key, replaced, kept = key_of(model), SQL("{0} = given.{0}"), SQL("{0} = coalesce(given.{0}, kept.{0})")
    taken = SQL(", ").join(
        (kept if name in keep else replaced).format(Identifier(name)) for name in names if name not in key
    )
    same = SQL(" AND ").join(SQL("kept.{0} = given.{0}").format(Identifier(name)) for name in key)
    return SQL("UPDATE {} AS kept SET {} FROM {} AS given ({}) WHERE {}").format(
        qualified(model), taken, given, listed(names), same
    )


def upserting(model: type[Base], given: Composable) -> Composed:
    names, key = names_of(model), key_of(model)
    taken = SQL(", ").join(SQL("{0} = EXCLUDED.{0}").format(Identifier(name)) for name in names if name not in key)
    return SQL("INSERT INTO {} ({}) {} ON CONFLICT ({}) DO UPDATE SET {}").format(
        qualified(model), listed(names), given, listed(key), taken
    )


def listed(names: Iterable[str]) -> Composed:
    return SQL(", ").join(map(Identifier, names))
