"""What statements and packers know of a table. It comes from the models, so that a table is described once."""

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, cast

from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, BigInteger, Boolean, Integer, LargeBinary, Numeric, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.database import AddressColumn, Base, Hash32Column
from indexer.numeric import unpack_numeric
from indexer.slicers import checksummed

NO_END = 2**63 - 1
"""Above every block: the largest value of a column of block numbers."""

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


def to_column(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """From a fold's value to a column's: hex to bytes, mappings to JSON, everything else as it is."""
    if isinstance(kind, AddressColumn | Hash32Column):
        return lambda value: None if value is None else bytes.fromhex(value[2:])
    if isinstance(kind, JSONB):
        return Jsonb
    return lambda value: value


def from_column(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """The way back, as folds know values."""
    if isinstance(kind, TypeDecorator):
        return lambda value: kind.process_result_value(value, cast(Any, None))
    return lambda value: value


@cache
def converters_of(model: type[Base], names: tuple[str, ...] = ()) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    columns = table_of(model).columns
    return tuple((name, to_column(columns[name].type)) for name in names or names_of(model))


@cache
def row_of(model: type[Base], names: tuple[str, ...] = ()) -> Callable[[Any], Row]:
    """The row of a dataclass whose fields are named like the columns: the named ones, or all in the model's order."""
    return attrgetter(*(names or names_of(model)))


def columns_of(model: type[Base], names: Sequence[str], keys: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """One list of column values per name, for `keys_clause`."""
    converters = dict(converters_of(model))
    return [[converters[name](key[n]) for key in keys] for n, name in enumerate(names)]


def values_of(model: type[Base], names: Sequence[str], row: Sequence[Any]) -> tuple[Any, ...]:
    """The values of the named columns as folds know them, from the beginning of a fetched row."""
    return tuple([convert(value) for convert, value in zip(readers_of(model, tuple(names)), row, strict=False)])


@cache
def readers_of(model: type[Base], names: tuple[str, ...]) -> tuple[Callable[[Any], Any], ...]:
    columns = table_of(model).columns
    return tuple(from_column(columns[name].type) for name in names)


def key_of(model: type[Base]) -> list[str]:
    return [column.name for column in table_of(model).primary_key.columns]


def keys_clause(model: type[Base], key: Sequence[str]) -> Composed:
    """`unnest` over one array per key column, to join with."""
    columns = table_of(model).columns
    arrays = [SQL("%s::") + SQL(pg_type(columns[name].type)) + SQL("[]") for name in key]
    names = SQL(", ").join(map(Identifier, key))
    return SQL("unnest({}) AS wanted ({})").format(SQL(", ").join(arrays), names)


@cache
def loader(model: type[Base], names: tuple[str, ...], made: Callable[..., Any]) -> Callable[[Sequence[Any]], Any]:
    """Makes of the fetched values of the named columns, with wide numbers as they are sent, a `made` whose fields are
    named like the model's, with None for the others. Generated: a call for each of forty values would cost more than
    the fold."""
    given: dict[str, Any] = {"made": made, "checksummed": checksummed, "unpack_numeric": unpack_numeric}
    columns, values = table_of(model).columns, dict.fromkeys(names_of(model), "None")
    for n, name in enumerate(names):
        loaded = load_expression(columns[name].type, f"v{n}", given)
        nullable = columns[name].nullable and loaded != f"v{n}"
        values[name] = f"None if v{n} is None else {loaded}" if nullable else loaded
    unpacked, fields = "".join(f"v{n}, " for n in range(len(names))), ", ".join(f"{n}={v}" for n, v in values.items())
    exec(f"def load(row):\n    {unpacked} = row\n    return made({fields})", given)  # noqa: S102 - from models
    load: Callable[[Sequence[Any]], Any] = given["load"]
    return load


def load_expression(kind: TypeEngine[Any], value: str, names: dict[str, Any]) -> str:
    """From a column's value to a fold's."""
    if isinstance(kind, AddressColumn):
        return f"checksummed({value})"
    if isinstance(kind, Hash32Column):
        return f"'0x' + {value}.hex()"
    if pg_type(kind) == "numeric":
        return f"unpack_numeric({value})"
    if isinstance(kind, TypeDecorator):
        names[f"read_{value}"] = from_column(kind)
        return f"read_{value}({value})"
    return value
