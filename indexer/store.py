"""The mirror's own state in PostgreSQL: connection, leadership, cursor and mirrored blocks."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import orjson
from psycopg import AsyncConnection
from psycopg.types.json import set_json_dumps, set_json_loads

from app.chain.models import Block as BlockRow
from app.database import INDEXER_ROLE
from indexer import bulk, rows
from indexer.answers import Block
from indexer.errors import DatabaseNotMigrated
from indexer.follow import Cursor

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_MS = 60_000
UNANSWERED_TIMEOUT_MS = 10_000
BY_KEY = " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
"""Every statement of the leader names its keys. After a long backfill the statistics are old, and a plan made by them
reads a whole table for a reorg of ten blocks: seconds instead of milliseconds."""

READ_CURSOR = """
SELECT block_number, block_hash, parent_hash, block_timestamp, finalized_number
FROM chain.cursors JOIN chain.blocks ON number = block_number WHERE chain_id = %s
"""
BEGIN_CURSOR = """
INSERT INTO chain.cursors
    (chain_id, contracts, block_number, block_hash, block_timestamp, finalized_number, head_number)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
READ_BLOCKS = "SELECT number, hash, parent_hash, timestamp FROM chain.blocks WHERE number BETWEEN %s AND %s"
HALT = "UPDATE chain.cursors SET halted = %s, updated_at = clock_timestamp() WHERE chain_id = %s"
TRY_LEAD = "SELECT pg_try_advisory_lock(hashtext('guildhall indexer'))"


@asynccontextmanager
async def connect(database_url: str, *, role: str | None = INDEXER_ROLE) -> AsyncIterator[AsyncConnection]:
    """A connection as the indexer's role, or as the user of the URL, that commits by itself outside of transactions.

    The leader's lock lives and dies with it: whoever lost the connection writes nothing more.
    """
    options = f"-c role={role or 'none'} -c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"
    options += BY_KEY if role else ""
    connection = await AsyncConnection.connect(
        database_url,
        autocommit=True,
        options=options,
        application_name=INDEXER_ROLE,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        tcp_user_timeout=UNANSWERED_TIMEOUT_MS,
        keepalives_idle=5,
    )
    set_json_dumps(orjson.dumps, connection)
    set_json_loads(orjson.loads, connection)
    async with connection:
        yield connection


@dataclass(frozen=True)
class Store:
    """What one connection sees of one chain's mirror."""

    connection: AsyncConnection
    chain_id: int

    async def try_lead(self) -> bool:
        """Takes the leader's lock if it is free."""
        return bool(await self._value(TRY_LEAD))

    async def require_migrated(self) -> None:
        """Raises DatabaseNotMigrated where the mirror's tables are missing."""
        if not await self._value("SELECT to_regclass('chain.cursors') IS NOT NULL"):
            raise DatabaseNotMigrated()

    async def other_chain(self) -> int | None:
        """The id of another chain that this database mirrors, if there is one."""
        query = "SELECT min(chain_id) FROM chain.cursors WHERE chain_id <> %s"
        found: int | None = await self._value(query, self.chain_id)
        return found

    async def cursor(self) -> Cursor | None:
        """Where the mirror stands; None before `begin`."""
        row = await (await self.connection.execute(READ_CURSOR, [self.chain_id])).fetchone()
        return Cursor(Block(*row[:4]), row[4]) if row else None

    async def contracts(self) -> frozenset[bytes]:
        """Whose events are mirrored, by address; empty before `begin`."""
        return frozenset(
            await self._value("SELECT contracts FROM chain.cursors WHERE chain_id = %s", self.chain_id) or ()
        )

    async def blocks(self, first: int, last: int) -> Mapping[int, Block]:
        """The mirrored blocks among first..last."""
        found = await (await self.connection.execute(READ_BLOCKS, [first, last])).fetchall()
        return {row[0]: Block(*row) for row in found}

    async def first_block(self) -> int:
        """The height where the mirror began; 0 where it has not."""
        return await self._value("SELECT min(number) FROM chain.blocks") or 0

    async def begin(
        self, block: Block, finalized_number: int, head_number: int, contracts: Sequence[bytes] = ()
    ) -> Cursor:
        """The first cursor: `block` is the last one before the deployment of `contracts`."""
        finalized = min(finalized_number, block.number)
        first = [self.chain_id, list(contracts), block.number, block.hash, block.timestamp, finalized, head_number]
        async with self.connection.transaction():
            await bulk.copy(self.connection, bulk.copy_into(BlockRow), [rows.packed_blocks([block])])
            await self.connection.execute(BEGIN_CURSOR, first)
        return Cursor(block, finalized)

    async def halt(self, reason: str) -> None:
        """Says in the cursor why nothing moves any more; the next batch clears it."""
        await self.connection.execute(HALT, [reason, self.chain_id])

    async def halted(self) -> str | None:
        """Why nothing moves any more; None while it does, and before `begin`."""
        found: str | None = await self._value("SELECT halted FROM chain.cursors WHERE chain_id = %s", self.chain_id)
        return found

    async def _value(self, query: LiteralString, *given: object) -> Any:
        row = await (await self.connection.execute(query, given)).fetchone()
        return row[0] if row else None
