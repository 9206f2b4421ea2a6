"""Tables beside the mirrored ones: of the same shape, in a schema of their own, until they take the others' places."""

from collections.abc import Sequence
from functools import cache
from typing import LiteralString, cast

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier
from sqlalchemy import MetaData

from app.database import Base
from indexer import tables

SCHEMA = "chain_beside"
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '200ms'"
"""For the swap: whoever wants to read meanwhile waits behind it, so it must not wait for long itself."""

ROUGHLY = "SET LOCAL default_statistics_target = 10"
"""A tenth of the usual sample: whole seconds less, and every query of the mirror goes by a key."""

# LIKE would give indexes names of its own, and leaves out storage parameters and grants.
SHAPES: LiteralString = """
WITH old AS (
    SELECT oid, relname, reloptions, relacl, relowner FROM pg_class
    WHERE relnamespace = 'chain'::regnamespace AND relname = ANY(%s)
)
SELECT statement FROM (
    SELECT 1 AS rank, format(
        'CREATE TABLE chain_beside.%%I (LIKE chain.%%I INCLUDING ALL EXCLUDING INDEXES)', relname, relname
    ) AS statement FROM old
    UNION ALL
    SELECT 2, format('ALTER TABLE chain_beside.%%I SET (%%s)', relname, array_to_string(reloptions, ', '))
    FROM old WHERE reloptions IS NOT NULL
    UNION ALL
    SELECT 3, format('ALTER TABLE chain_beside.%%I ADD CONSTRAINT %%I %%s', relname, conname,
                     pg_get_constraintdef(pg_constraint.oid))
    FROM old JOIN pg_constraint ON conrelid = old.oid WHERE contype IN ('p', 'u', 'x')
    UNION ALL
    SELECT 4, replace(pg_get_indexdef(indexrelid), format(' ON chain.%%I ', relname),
                      format(' ON chain_beside.%%I ', relname))
    FROM old JOIN pg_index ON indrelid = old.oid
    WHERE NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND conrelid = old.oid)
    UNION ALL
    SELECT 5, format('GRANT %%s ON chain_beside.%%I TO %%s', privilege_type, relname,
                     CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
    FROM old, aclexplode(relacl) WHERE grantee <> relowner
) AS shapes ORDER BY rank
"""


@cache
def beside(model: type[Base]) -> type[Base]:
    """What statements and packers need of a model, for its table beside."""
    table = tables.table_of(model).to_metadata(MetaData(), schema=SCHEMA)
    made = type(f"{model.__name__}Beside", (), {"__table__": table, "__tablename__": model.__tablename__})
    return cast(type[Base], made)


async def make(connection: AsyncConnection, models: Sequence[type[Base]]) -> None:
    """Empty tables with the columns, keys, checks, indexes and grants of those that serve now. What an earlier one
    that was killed has left is dropped."""
    names = [model.__tablename__ for model in models]
    async with connection.transaction():
        await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        await connection.execute(f"CREATE SCHEMA {SCHEMA}")
        for (statement,) in await (await connection.execute(SHAPES, [names])).fetchall():
            await connection.execute(statement)


async def analyze(connection: AsyncConnection, models: Sequence[type[Base]]) -> None:
    """So that queries are planned well from the first moment on; what is finer the autovacuum learns."""
    async with connection.transaction():
        await connection.execute(ROUGHLY)
        for model in models:
            await connection.execute(SQL("ANALYZE {}").format(tables.qualified(beside(model))))


async def swap(connection: AsyncConnection, models: Sequence[type[Base]]) -> None:
    """Inside the caller's transaction: the tables beside take the others' places. Raises LockNotAvailable where a
    reader holds one of them for longer."""
    await connection.execute(LOCK_TIMEOUT)
    serving = SQL(", ").join(map(tables.qualified, models))
    await connection.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(serving))
    await connection.execute(SQL("DROP TABLE {}").format(serving))
    for model in models:
        await connection.execute(SQL("ALTER TABLE {} SET SCHEMA chain").format(tables.qualified(beside(model))))
    await connection.execute(SQL("DROP SCHEMA {}").format(Identifier(SCHEMA)))
