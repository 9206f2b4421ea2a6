"""Rows in the form of binary COPY: one generated function for each model, from its columns.

A column's value comes as a fold has it, addresses and hashes as hex text and JSON as a mapping, or raw, in bytes.
The format is PostgreSQL's, section COPY, "Binary Format".
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Column, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from app.database import AddressColumn, Base, Hash32Column
from indexer import tables
from indexer.numeric import pack_numeric, size_of

Pack = Callable[[Sequence[Any]], bytes]

BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
BYTEA_OID = 17
FIXED = {"int2": "h", "int4": "i", "int8": "q", "bool": "?"}
JSONB_VERSION = b"\x01"


def copied(rows: Iterable[bytes]) -> bytes:
    """A whole COPY: its header, the packed rows, its end."""
    return b"".join((BEGIN, *rows, END))


@cache
def packer_of(model: type[Base], names: tuple[str, ...] | None = None, raw: frozenset[str] = frozenset()) -> Pack:
    """Packs the named columns of a row, or all in the model's order. The `raw` ones come as bytes already: hashes
    as such, text encoded, JSON dumped."""
    columns = tables.table_of(model).columns
    return packer([(columns[name], name in raw) for name in names or tables.names_of(model)])


def packer(columns: Sequence[tuple[Column[Any], bool]]) -> Pack:
    """Generated: neighbours of fixed width are packed at once, the rest is joined to them."""
    source = Source([("h", str(len(columns)))])
    for n, (column, raw) in enumerate(columns):
        source.add(column, f"v{n}", raw=raw)
    source.flush()
    given = "".join(f"v{n}, " for n in range(len(columns)))
    text = f"def pack(row):\n    {given} = row\n    return b''.join(({', '.join(source.parts)},))"
    exec(text, source.names)  # noqa: S102 - the text comes from the models alone
    made: Pack = source.names["pack"]
    return made


@dataclass
class Source:
    """A packer in the making: `run` are the values of fixed width that wait to be packed by one call."""

    run: list[tuple[str, str]]
    parts: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(
        default_factory=lambda: {"size_of": size_of, "fromhex": bytes.fromhex, "NULL": NULL, "JSONB": JSONB_VERSION}
    )

    def add(self, column: Column[Any], value: str, *, raw: bool) -> None:
        """One more column, whose value has the name `value`."""
        code, given = FIXED.get(tables.pg_type(column.type)), value
        if isinstance(column.type, AddressColumn | Hash32Column):
            code, given = f"{column.type.impl.length}s", value if raw else f"fromhex({value}[2:])"
        if code and not column.nullable:
            self.run += [("i", str(struct.calcsize(code))), (code, given)]
            return
        self.flush()
        if code:
            packed = f"{self.name(struct.Struct('>i' + code).pack)}({struct.calcsize(code)}, {given})"
        else:
            packed = variable(self, column.type, value, raw=raw)
        self.parts.append(f"(NULL if {value} is None else {packed})" if column.nullable else packed)

    def flush(self) -> None:
        """Packs what waits, each value with its length before it."""
        if self.run:
            pack = self.name(struct.Struct(">" + "".join(code for code, _value in self.run)).pack)
            self.parts.append(f"{pack}({', '.join(value for _code, value in self.run)})")
            self.run = []

    def name(self, value: Any) -> str:
        name = f"name{len(self.names)}"
        self.names[name] = value
        return name


def variable(source: Source, kind: TypeEngine[Any], value: str, *, raw: bool) -> str:
    """The expression of a value whose width varies."""
    if isinstance(kind, JSONB) and raw:
        return f"size_of(len({value}) + 1) + JSONB + {value}"
    if isinstance(kind, LargeBinary) or raw:
        return f"size_of(len({value})) + {value}"
    return f"{source.name(value_packer(kind))}({value})"


def value_packer(kind: TypeEngine[Any]) -> Callable[[Any], bytes]:
    """A value with its length before it."""
    packers: dict[str, Callable[[Any], bytes]] = {
        "bytea[]": pack_byteas,
        "jsonb": pack_json,
        "text": pack_text,
        "numeric": pack_numeric,
    }
    return packers[tables.pg_type(kind)]


def pack_text(value: str) -> bytes:
    raw = value.encode()
    return size_of(len(raw)) + raw


def pack_json(value: object) -> bytes:
    raw = orjson.dumps(value)
    return size_of(len(raw) + 1) + JSONB_VERSION + raw


def pack_byteas(values: Sequence[bytes]) -> bytes:
    """A one-dimensional array without nulls, counted from one."""
    body = b"".join([array_head(len(values)), *(part for value in values for part in (size_of(len(value)), value))])
    return size_of(len(body)) + body


def array_head(count: int) -> bytes:
    """Of a bytea array."""
    return struct.pack(">iiiii", 1, 0, BYTEA_OID, count, 1) if count else struct.pack(">iii", 0, 0, BYTEA_OID)
