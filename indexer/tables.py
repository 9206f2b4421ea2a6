"""How a model's rows travel to PostgreSQL: binary COPY for what is appended, upserts for what is folded.

Columns come from the models, so that a table is described once.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, cast

from psycopg import AsyncConnection, AsyncCopy
from psycopg.sql import SQL, Composed, Identifier, Placeholder
from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, BigInteger, Boolean, Integer, LargeBinary, Numeric, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.database import AddressColumn, Base, Hash32Column

Row = Sequence[Any]

# The order matters: SmallInteger and BigInteger are Integers too.
PG_TYPES: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (SmallInteger, "int2"),
    (BigInteger, "int8"),
    (Integer, "int4"),
    (Boolean, "bool"),
    (Text, "text"),
    (LargeBinary, "bytea"),
    (Numeric, "numeric"),
    (JSONB, "jsonb"),
)


def table_of(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


def qualified(model: type[Base]) -> Identifier:
    table = table_of(model)
    return Identifier(str(table.schema), table.name)


def names_of(model: type[Base]) -> list[str]:
    return [column.name for column in table_of(model).columns]


def pg_type(kind: TypeEngine[Any]) -> str:
    """The name of a column's type, as unnest and COPY want it."""
    if isinstance(kind, ARRAY):
        return pg_type(kind.item_type) + "[]"
    inner = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return next(name for known, name in PG_TYPES if isinstance(inner, known))


@cache
def types_of(model: type[Base]) -> tuple[str, ...]:
    return tuple(pg_type(column.type) for column in table_of(model).columns)


def to_column(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """From a fold's value to a column's: hex to bytes, mappings to JSON, everything else as it is."""
    if isinstance(kind, AddressColumn | Hash32Column):
        return lambda value: None if value is None else bytes.fromhex(value[2:])
    if isinstance(kind, JSONB):
        return Jsonb
    return lambda value: value


def from_column(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """The way back, for keys."""
    decorator = cast(TypeDecorator[Any], kind)
    if isinstance(kind, AddressColumn | Hash32Column):
        return lambda value: decorator.process_result_value(value, cast(Any, None))
    return lambda value: value


@cache
def converters_of(model: type[Base]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    return tuple((column.name, to_column(column.type)) for column in table_of(model).columns)


def row_of(model: type[Base], value: object) -> Row:
    """The row of a dataclass whose fields are named like the columns."""
    return [convert(getattr(value, name)) for name, convert in converters_of(model)]


def columns_of(model: type[Base], names: Sequence[str], keys: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """One list of column values per name, for `keys_clause`."""
    converters = dict(converters_of(model))
    return [[converters[name](key[n]) for key in keys] for n, name in enumerate(names)]


def values_of(model: type[Base], names: Sequence[str], row: Sequence[Any]) -> tuple[Any, ...]:
    """The values of the named columns as folds know them, from the beginning of a fetched row."""
    columns = table_of(model).columns
    return tuple(from_column(columns[name].type)(value) for name, value in zip(names, row, strict=False))


async def copy(
    connection: AsyncConnection, model: type[Base], rows: Sequence[Row], halfway: Callable[[], None] | None = None
) -> None:
    """Appends rows in the order of the model's columns by binary COPY; `halfway` is called among them."""
    if not rows:
        return
    columns = SQL(", ").join(map(Identifier, names_of(model)))
    into = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(qualified(model), columns)
    async with connection.cursor() as cursor, cursor.copy(into) as target:
        target.set_types(types_of(model))
        middle = (len(rows) + 1) // 2
        await write(target, rows[:middle])
        if halfway:
            halfway()
        await write(target, rows[middle:])


async def write(target: AsyncCopy, rows: Iterable[Row]) -> None:
    for row in rows:
        await target.write_row(row)


async def upsert(connection: AsyncConnection, model: type[Base], rows: Sequence[Row]) -> None:
    """Inserts rows, or replaces those with their key."""
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(upsert_statement(model), rows)


@cache
def upsert_statement(model: type[Base]) -> Composed:
    names, key = names_of(model), key_of(model)
    taken = SQL(", ").join(SQL("{0} = EXCLUDED.{0}").format(Identifier(name)) for name in names if name not in key)
    return SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}").format(
        qualified(model),
        SQL(", ").join(map(Identifier, names)),
        SQL(", ").join([Placeholder()] * len(names)),
        SQL(", ").join(map(Identifier, key)),
        taken,
    )


def key_of(model: type[Base]) -> list[str]:
    return [column.name for column in table_of(model).primary_key.columns]


def keys_clause(model: type[Base], key: Sequence[str]) -> Composed:
    """`unnest` over one array per key column, to join with."""
    columns = table_of(model).columns
    arrays = [SQL("%s::") + SQL(pg_type(columns[name].type)) + SQL("[]") for name in key]
    names = SQL(", ").join(map(Identifier, key))
    return SQL("unnest({}) AS wanted ({})").format(SQL(", ").join(arrays), names)
