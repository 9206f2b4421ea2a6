"""What is packed for COPY is what PostgreSQL reads back."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from app.chain.models import Log
from app.database import AddressColumn, Base
from app.escrow.models import Escrow
from app.reputation.mirror_models import Feedback
from indexer import bulk, tables
from indexer.packing import BEGIN, END, packer_of
from indexer.store import connect
from tests.conftest import Postgres

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
HASH = st.binary(min_size=32, max_size=32).map(lambda value: "0x" + value.hex())
ADDRESS = st.binary(min_size=20, max_size=20).map(lambda value: "0x" + value.hex())
AMOUNT = st.integers(0, 10**78 - 1) | st.integers(0, 20_000) | st.sampled_from([10**n for n in range(0, 78, 4)])


@pytest.fixture
async def connection(postgres: Postgres, migrated_template: str) -> AsyncIterator[AsyncConnection]:
    async with connect(postgres.create_database(migrated_template)) as connection:
        yield connection


def value_of(kind: str, name: str) -> st.SearchStrategy[Any]:
    """Any value of a column, as a fold has it."""
    match kind:
        case "int2":
            return st.integers(1, 9)
        case "int4":
            return st.integers(-(2**31), 2**31 - 1)
        case "int8":
            return st.integers(-(2**63), 2**63 - 1)
        case "numeric":
            return AMOUNT | AMOUNT.map(lambda value: -value)
        case "bool":
            return st.booleans()
        case "text":
            return TEXT
        case "bytea":
            return ADDRESS if name in {"escrow", "buyer", "agent", "client"} else HASH
    raise AssertionError(kind)


def rows(model: type[Base]) -> st.SearchStrategy[tuple[Any, ...]]:
    columns = tables.table_of(model).columns
    drawn = []
    for column in columns:
        value = value_of(tables.pg_type(column.type), column.name)
        address = isinstance(column.type, AddressColumn)
        value = ADDRESS if address else value
        drawn.append(st.none() | value if column.nullable else value)
    return st.tuples(*drawn)


async def copied_back(connection: AsyncConnection, model: type[Base], row: bytes) -> list[tuple[Any, ...]]:
    """The row as PostgreSQL has it, in a table without constraints."""
    make, into, _store = bulk.staged_upsert(model)
    async with connection.transaction(force_rollback=True):
        await connection.execute(make)
        await bulk.copy(connection, into, [row])
        stage = f"pg_temp.staged_{model.__tablename__}"
        names = ", ".join(tables.names_of(model))
        return await (await connection.execute(f"SELECT {names} FROM {stage}".encode())).fetchall()


def expected(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("0x"):
        return bytes.fromhex(value[2:])
    return Decimal(value) if isinstance(value, int) and abs(value) >= 2**63 else value


@pytest.mark.parametrize("model", [Escrow, Feedback])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_a_folded_row_comes_back_as_it_was(
    connection: AsyncConnection, model: type[Base], data: st.DataObject
) -> None:
    row = data.draw(rows(model))
    (found,) = await copied_back(connection, model, packer_of(model)(row))
    assert found == tuple(expected(value) for value in row)


@pytest.mark.parametrize("topics", [[], [b"\x01" * 32], [b"\x01" * 32, b"", b"\x02" * 7, b"\x03" * 32]])
async def test_a_raw_log_comes_back_as_it_was(connection: AsyncConnection, topics: list[bytes]) -> None:
    row = (7, 3, b"\x01" * 32, b"\x02" * 32, 5, b"\x03" * 20, topics, b"data")
    pack = packer_of(Log, raw=frozenset({"block_hash", "tx_hash", "address"}))
    assert await copied_back(connection, Log, pack(row)) == [row]


def test_the_frame_is_that_of_the_format() -> None:
    assert BEGIN.startswith(b"PGCOPY\n\xff\r\n\0")
    assert len(BEGIN) == 19
    assert END == b"\xff\xff"
