"""Reading the mirror through the app's own session."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import sqlalchemy_url
from app.database import Address, Hash32, TaskId, make_engine, make_sessions
from app.errors import ChainNotMirrored
from app.escrow import queries
from indexer.answers import Block
from indexer.store import Store, connect
from tests.conftest import Postgres

CHAIN_ID = 31337
NOBODY = Address("0x1111111111111111111111111111111111111111")
UNKNOWN = TaskId(Hash32("0x" + "01" * 32))


@pytest.fixture
def url(postgres: Postgres, migrated_template: str) -> str:
    return postgres.create_database(migrated_template)


@pytest.fixture
async def session(url: str) -> AsyncIterator[AsyncSession]:
    engine = make_engine(sqlalchemy_url(url))
    async with make_sessions(engine)() as session:
        yield session
    await engine.dispose()


async def test_there_is_no_clock_before_the_first_block(session: AsyncSession) -> None:
    with pytest.raises(ChainNotMirrored):
        await queries.chain_clock(session)


async def test_the_clock_is_the_newest_mirrored_block(session: AsyncSession, url: str) -> None:
    async with connect(url) as connection:
        await Store(connection, CHAIN_ID).begin(Block(9, bytes(32), bytes(32), 1_234), 5, 11)
    clock = await queries.chain_clock(session)
    assert clock == queries.ChainClock(block_number=9, timestamp=1_234, finalized_number=5, head_number=11)
    assert queries.is_final(5, clock)
    assert not queries.is_final(6, clock)


async def test_nothing_is_final_while_the_mirror_is_halted(session: AsyncSession, url: str) -> None:
    async with connect(url) as connection:
        store = Store(connection, CHAIN_ID)
        await store.begin(Block(9, bytes(32), bytes(32), 1_234), 5, 11)
        await store.halt("a finalized block was replaced")
    assert not queries.is_final(0, await queries.chain_clock(session))


async def test_what_is_not_mirrored_is_none(session: AsyncSession) -> None:
    assert await queries.escrow_of(session, UNKNOWN) is None
    assert await queries.escrows_of(session, [UNKNOWN]) == {}
    assert await queries.events_of(session, UNKNOWN) == []
    assert await queries.owed_to(session, NOBODY) is None
