"""Announcements: one order for all readers, and one effect each, whatever the timing of commits."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.announcements.actions import advance, announce, next_for
from app.boundary import after_commit, transaction
from app.config import sqlalchemy_url
from app.database import INDEXER_ROLE, make_engine, make_sessions

Sessions = async_sessionmaker[AsyncSession]
TOPICS = ["test.happened"]


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    engine = make_engine(sqlalchemy_url(database_url))
    yield make_sessions(engine)
    await engine.dispose()


async def say(sessions: Sessions, subject: str) -> None:
    async with transaction(sessions) as session:
        await announce(session, TOPICS[0], subject, {"amount": "1"})


async def react(sessions: Sessions, name: str) -> list[str]:
    async with transaction(sessions) as session:
        heard = await next_for(session, name, TOPICS)
        if heard:
            await advance(session, name, heard[-1].position or 0)
        return [announcement.subject for announcement in heard]


async def test_each_announcement_is_heard_once(sessions: Sessions) -> None:
    await react(sessions, "once")
    await say(sessions, "a")
    await say(sessions, "b")
    assert await react(sessions, "once") == ["a", "b"]
    assert await react(sessions, "once") == []


async def test_what_one_transaction_says_keeps_its_order(sessions: Sessions) -> None:
    await react(sessions, "order")
    said = [f"step:{n}" for n in range(90)]
    async with transaction(sessions) as session:
        for subject in said:
            await announce(session, TOPICS[0], subject, {})
    assert await react(sessions, "order") == said


async def test_nothing_is_announced_without_the_commit(sessions: Sessions) -> None:
    await react(sessions, "rollback")
    with pytest.raises(RuntimeError, match="undo"):
        async with transaction(sessions) as session:
            await announce(session, TOPICS[0], "ghost", {})
            raise RuntimeError("undo")
    assert await react(sessions, "rollback") == []


async def test_a_late_commit_is_never_skipped(sessions: Sessions) -> None:
    await react(sessions, "late")
    async with transaction(sessions) as slow:
        await announce(slow, TOPICS[0], "slow", {})
        await say(sessions, "quick")
        assert await react(sessions, "late") == ["quick"]
    assert await react(sessions, "late") == ["slow"]


async def test_a_reader_that_fails_hears_it_again(sessions: Sessions) -> None:
    await react(sessions, "fails")
    await say(sessions, "again")
    with pytest.raises(RuntimeError, match="effect failed"):
        async with transaction(sessions) as session:
            heard = await next_for(session, "fails", TOPICS)
            await advance(session, "fails", heard[-1].position or 0)
            raise RuntimeError("effect failed")
    assert await react(sessions, "fails") == ["again"]


async def test_two_readers_of_one_cursor_do_not_both_react(sessions: Sessions) -> None:
    await react(sessions, "pair")
    await say(sessions, "one")
    async with transaction(sessions) as holder:
        assert await next_for(holder, "pair", TOPICS)
        assert await react(sessions, "pair") == []


async def test_many_writers_and_a_reader_lose_nothing(sessions: Sessions) -> None:
    await react(sessions, "many")
    spoken = [f"writer:{n}" for n in range(60)]
    writers = asyncio.gather(*(say(sessions, subject) for subject in spoken))
    heard: list[str] = []
    while not writers.done():
        heard += await react(sessions, "many")
    await writers
    heard += await react(sessions, "many")
    assert sorted(heard) == sorted(spoken)


async def test_calls_after_the_commit_run_once_and_only_then(sessions: Sessions) -> None:
    calls: list[str] = []

    async def wake() -> None:
        calls.append("woken")

    async with transaction(sessions) as session:
        after_commit(session, "wake", wake)
        after_commit(session, "wake", wake)
        assert calls == []
    assert calls == ["woken"]


async def test_the_indexer_may_announce_but_not_write_the_market(database_url: str) -> None:
    url = sqlalchemy_url(database_url)
    engine = make_engine(url, role=INDEXER_ROLE)
    async with transaction(make_sessions(engine)) as session:
        await announce(session, TOPICS[0], "from the indexer", {})
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with engine.begin() as connection:
            await connection.exec_driver_sql("INSERT INTO market.reaction_cursors (name) VALUES ('mine')")
    await engine.dispose()
