"""Whoever owns the database can change it; the walk names the first place where somebody did."""

import pytest

from app.boundary import transaction
from app.trail.actions import erase_old_origins, erase_origins_of
from tests.integration.trail.world import ACCOUNT, Trail

CHANGED = "is not what was linked"
SWAP = """
    UPDATE market.trail_entries AS entry SET
        position = other.position, previous = other.previous, hash = other.hash
    FROM market.trail_entries AS other
    WHERE (entry.position, other.position) IN ((2, 3), (3, 2))
"""
INSERT = """
    INSERT INTO market.trail_entries
        (method, path, status, request_digest, answer_digest, origin_digest, position, previous, hash)
    SELECT method, path, status, request_digest, answer_digest, origin_digest, {position}, hash, sha256(hash)
    FROM market.trail_entries WHERE position = {follows}
"""
REHASH = """
    UPDATE market.trail_entries AS entry
    SET hash = market.trail_hash(entry, entry.position, entry.previous) WHERE position = 3
"""


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "account = NULL",
        "session_id = NULL",
        "session_id = gen_random_uuid()",
        "session_id = NULL, key_id = session_id",
        "method = 'PUT'",
        "path = path || '/'",
        "status = 200",
        "request_digest = sha256('x')",
        "answer_digest = sha256('x')",
        "hash = sha256('x')",
    ],
)
async def test_names_the_row_with_a_changed_field(trail: Trail, change: str) -> None:
    await trail.write(5)
    trail.tamper(f"UPDATE market.trail_entries SET {change} WHERE position = 3")
    assert await trail.broken() == (3, CHANGED)


async def test_names_the_row_with_another_previous_hash(trail: Trail) -> None:
    await trail.write(5)
    trail.tamper("UPDATE market.trail_entries SET previous = sha256('x') WHERE position = 3")
    assert await trail.broken() == (3, "does not follow the link before it")


async def test_names_the_row_after_one_that_was_hashed_anew(trail: Trail) -> None:
    await trail.write(5)
    trail.tamper("UPDATE market.trail_entries SET status = 200 WHERE position = 3")
    trail.tamper(REHASH)
    assert await trail.broken() == (4, "does not follow the link before it")


@pytest.mark.parametrize("position", [1, 3])
async def test_names_a_deleted_row(trail: Trail, position: int) -> None:
    await trail.write(5)
    trail.tamper("DELETE FROM market.trail_entries WHERE position = %(position)s", {"position": position})
    broken = await trail.broken()
    assert broken is not None
    assert (broken[0], broken[1][:10]) == (position, "is missing")


async def test_names_a_row_that_was_put_between(trail: Trail) -> None:
    await trail.write(5)
    trail.tamper("UPDATE market.trail_entries SET position = position + 100 WHERE position > 2")
    trail.tamper("UPDATE market.trail_entries SET position = position - 99 WHERE position > 100")
    trail.tamper(INSERT.format(position=3, follows=2))
    assert await trail.broken() == (3, CHANGED)


async def test_names_a_row_that_was_put_at_the_end(trail: Trail) -> None:
    await trail.write(5)
    trail.tamper(INSERT.format(position=6, follows=5))
    assert await trail.broken() == (6, CHANGED)


async def test_names_the_first_of_two_rows_that_changed_places(trail: Trail) -> None:
    await trail.write(5)
    trail.tamper("DROP INDEX market.trail_entries_position_key")
    trail.tamper(SWAP)
    assert await trail.broken() == (2, CHANGED)


@pytest.mark.parametrize("change", ["network = '198.51.100.7'", "user_agent = ''", "request_id = 'another'"])
async def test_names_the_row_whose_origin_was_changed(trail: Trail, change: str) -> None:
    await trail.write(5)
    trail.tamper(f"UPDATE market.trail_origins SET {change} WHERE entry_id = 4")
    assert await trail.broken() == (4, "came from elsewhere than its origin says")


async def test_erasing_personal_data_leaves_the_chain_whole(trail: Trail) -> None:
    await trail.write(5)
    before = await trail.verify()
    async with transaction(trail.runtime.sessions) as session:
        assert await erase_origins_of(session, ACCOUNT) == 5
    after = await trail.verify()
    assert (after.broken, after.erased, after.head) == (None, 5, before.head)
    assert trail.tamper("SELECT count(*) FROM market.trail_origins") == [(0,)]


async def test_personal_data_past_its_days_goes(trail: Trail) -> None:
    await trail.write(4)
    trail.tamper("UPDATE market.trail_entries SET at = at - interval '31 days' WHERE id < 3")
    async with transaction(trail.runtime.sessions) as session:
        assert await erase_old_origins(session, days=30, most=1) == 1
        assert await erase_old_origins(session, days=30) == 1
        assert await erase_old_origins(session, days=30) == 0
    assert trail.tamper("SELECT entry_id FROM market.trail_origins ORDER BY 1") == [(3,), (4,)]
