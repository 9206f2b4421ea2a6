"""Rows become a chain: in one order, once, whoever links and whatever dies."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.boundary import transaction
from app.trail import actions
from app.trail.rules import BEGINNING
from tests.integration.api import environment_of, exit_code_of
from tests.integration.trail.world import Trail, call

CRASH_POINT = "trail.linked_before_commit"
LINK = "from app.trail.jobs import link; link()"


async def test_a_chain_of_rows_is_whole(trail: Trail) -> None:
    await trail.write(3)
    found = await trail.verify()
    assert (found.first, found.last, found.unlinked, found.erased, found.broken) == (1, 3, 0, 0, None)
    assert found.head != BEGINNING


async def test_an_empty_trail_is_whole(trail: Trail) -> None:
    assert await trail.link() == 0
    found = await trail.verify()
    assert (found.first, found.last, found.head, found.broken) == (0, 0, BEGINNING, None)


async def test_every_kind_of_value_hashes_alike_in_both_languages(trail: Trail) -> None:
    async with trail.runtime.sessions() as session, session.begin():
        await actions.record(session, call(caller=None, path="/v1/ünï/1:a,2", status=204))
    await trail.link()
    assert (await trail.verify()).broken is None


async def test_an_undone_call_leaves_no_row(trail: Trail) -> None:
    with pytest.raises(RuntimeError, match="undo"):
        async with transaction(trail.runtime.sessions) as session:
            await actions.record(session, call())
            raise RuntimeError("undo")
    assert await trail.link() == 0
    assert trail.tamper("SELECT count(*) FROM market.trail_entries") == [(0,)]


async def test_a_row_is_linked_after_a_process_died_before_it(trail: Trail) -> None:
    async with transaction(trail.runtime.sessions) as session:
        await actions.record(session, call())
    assert (await trail.verify()).unlinked == 1
    with pytest.raises(RuntimeError, match="killed"):
        async with transaction(trail.runtime.sessions) as session:
            assert await actions.link(session) == 1
            raise RuntimeError("killed")
    assert trail.positions() == []
    assert await trail.link() == 1
    found = await trail.verify()
    assert (found.last, found.unlinked, found.broken) == (1, 0, None)


async def test_a_linker_that_is_killed_before_its_commit_leaves_the_rows_to_the_next(
    trail: Trail, run_env: dict[str, str], tmp_path: Path
) -> None:
    async with transaction(trail.runtime.sessions) as session:
        await actions.record(session, call())
    env = run_env | environment_of(trail.runtime.settings) | {"FAULT_DIR": str(tmp_path)}
    assert await exit_code_of(LINK, env | {"FAULT_AT": CRASH_POINT}) == -signal.SIGKILL
    assert (tmp_path / CRASH_POINT).exists()
    assert trail.positions() == []
    assert await exit_code_of(LINK, env) == 0
    assert trail.positions() == [1]
    assert (await trail.verify()).broken is None


async def test_a_call_that_commits_late_is_linked_late(trail: Trail) -> None:
    async with transaction(trail.runtime.sessions) as slow:
        await actions.record(slow, call(1))
        await trail.write(1)
        assert trail.positions() == [1]
    assert await trail.link() == 1
    assert trail.tamper("SELECT id FROM market.trail_entries ORDER BY position") == [(2,), (1,)]
    assert (await trail.verify()).broken is None


async def test_two_linkers_at_once_make_one_chain(trail: Trail) -> None:
    async def write(numbers: Sequence[int]) -> None:
        for number in numbers:
            async with transaction(trail.runtime.sessions) as session:
                await actions.record(session, call(number))

    writers = asyncio.gather(*(write(range(first, first + 15)) for first in (0, 100, 200)))
    while not writers.done():
        await asyncio.gather(trail.link(), trail.link())
    await writers
    await trail.link()
    assert trail.positions() == list(range(1, 46))
    assert (await trail.verify()).broken is None


async def test_a_linker_leaves_the_work_to_the_one_that_holds_the_lock(trail: Trail) -> None:
    async with transaction(trail.runtime.sessions) as session:
        await actions.record(session, call())
    async with transaction(trail.runtime.sessions) as first:
        assert await actions.link(first) == 1
        assert await trail.link() == 0
    assert trail.positions() == [1]


async def test_more_rows_than_one_batch_are_all_linked(trail: Trail) -> None:
    count = actions.LINKS_AT_ONCE + 5
    trail.tamper(
        "INSERT INTO market.trail_entries (method, path, status, request_digest, answer_digest, origin_digest) "
        "SELECT 'POST', '/v1/listings', 201, sha256('a'), sha256('b'), sha256('c') FROM generate_series(1, %(count)s)",
        {"count": count},
    )
    assert await trail.link() == count
    found = await trail.verify()
    assert (found.last, found.erased, found.broken) == (count, count, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE market.trail_entries SET status = 500",
        "DELETE FROM market.trail_entries",
        "TRUNCATE market.trail_entries CASCADE",
        "INSERT INTO market.trail_entries (position) VALUES (1)",
        "INSERT INTO market.trail_entries (at) VALUES (now())",
        "UPDATE market.trail_origins SET network = ''",
        "UPDATE market.trail_anchors SET position = 1",
        "DELETE FROM market.trail_anchors",
        "SELECT market.trail_hash(NULL, 1, NULL)",
    ],
)
async def test_the_app_may_not_rewrite_the_trail(trail: Trail, statement: str) -> None:
    await trail.write(1)
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with transaction(trail.runtime.sessions) as session:
            await session.execute(text(statement))
