"""Old rows go, up to a link that stands on the chain; that link is the new beginning."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy.exc import DBAPIError

from app.boundary import WorkerRuntime, transaction
from app.trail import actions, jobs
from app.trail.rules import Facts, link_hash
from devnet.keys import write_key_file
from tests.integration.relayer.bench import key_of
from tests.integration.trail.world import ACCOUNT, Trail


def told(trail: Trail, **settings: Any) -> WorkerRuntime:
    """The job's runtime with other settings."""
    return replace(trail.runtime, settings=trail.runtime.settings.model_copy(update=settings))


async def two_anchors(trail: Trail) -> None:
    """Links 3 and 6 are anchored for good, 8 is on its way. All are 40 days old."""
    trail.tamper("ALTER TABLE market.trail_entries ALTER COLUMN at SET DEFAULT clock_timestamp() - interval '40 days'")
    await trail.write(3)
    await trail.anchor_for_good()
    await trail.write(3)
    await trail.anchor_for_good()
    await trail.write(2)
    await trail.anchor()


async def test_everything_is_kept_without_the_setting(trail: Trail) -> None:
    await two_anchors(trail)
    await jobs.drop_old(trail.runtime)
    assert trail.positions() == list(range(1, 9))


async def test_rows_go_up_to_the_last_link_that_is_anchored_for_good(trail: Trail) -> None:
    await two_anchors(trail)
    await jobs.drop_old(told(trail, trail_days=30))
    assert trail.positions() == [6, 7, 8]
    found = await trail.verify()
    assert (found.first, found.last, found.confirmed, found.waiting, found.broken) == (6, 8, 2, 1, None)


async def test_younger_rows_stay(trail: Trail) -> None:
    await two_anchors(trail)
    await jobs.drop_old(told(trail, trail_days=50))
    assert trail.positions() == list(range(1, 9))


async def test_origins_go_by_their_own_days(trail: Trail) -> None:
    await two_anchors(trail)
    await jobs.drop_old(told(trail, trail_origin_days=41))
    assert trail.tamper("SELECT count(*) FROM market.trail_origins") == [(8,)]
    await jobs.drop_old(told(trail, trail_origin_days=39))
    assert trail.tamper("SELECT count(*) FROM market.trail_origins") == [(0,)]
    assert await trail.broken() is None


async def test_a_beginning_without_an_anchor_is_a_break(trail: Trail) -> None:
    await two_anchors(trail)
    trail.tamper("DELETE FROM market.trail_entries WHERE position < 5")
    assert await trail.broken() == (1, "is missing: the trail begins at 5, which has no anchor")


@pytest.mark.parametrize("position", [5, 8, 99])
async def test_the_database_drops_nothing_before_a_link_without_a_final_anchor(trail: Trail, position: int) -> None:
    await two_anchors(trail)
    with pytest.raises(DBAPIError, match=f"link {position} has no final anchor"):
        async with transaction(trail.runtime.sessions) as session:
            await actions.drop_before(session, position)


async def test_the_database_drops_nothing_young(trail: Trail) -> None:
    await trail.write(3)
    await trail.anchor_for_good()
    with pytest.raises(DBAPIError, match="younger than 7 days"):
        async with transaction(trail.runtime.sessions) as session:
            await actions.drop_before(session, 3)


async def test_what_goes_is_written_first_and_can_be_hashed_again(trail: Trail, tmp_path: Path) -> None:
    await two_anchors(trail)
    folder = tmp_path / "exported"
    await jobs.drop_old(told(trail, trail_days=30, trail_export_dir=folder, trail_origin_days=41))
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["trail-before-000000000003.jsonl", "trail-before-000000000006.jsonl"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    lines = [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]
    assert [line["position"] for line in lines] == [1, 2, 3, 4, 5]
    for line in lines:
        place, previous, made = line.pop("position"), line.pop("previous"), line.pop("hash")
        origin = line.pop("origin")
        facts = Facts(**line | {"at": datetime.fromisoformat(line["at"])})
        assert link_hash(place, bytes.fromhex(previous), facts).hex() == made
        assert origin["network"].startswith("192.0.2.")
        assert facts.at < datetime.now(UTC) - timedelta(days=39)
        assert facts.account == ACCOUNT[2:].lower()
    assert lines[0]["request_digest"] == hashlib.sha256(b"0").hexdigest()


async def test_the_anchor_job_uses_the_relayers_account(trail: Trail, tmp_path: Path) -> None:
    await trail.write(1)
    await jobs.anchor_due(trail.runtime)  # no relayer here
    key_file = write_key_file(tmp_path, "relayer", key_of(trail.sender))
    due = told(trail, relayer_key_file=key_file, trail_anchor_minutes=1e-9)
    assert trail.tamper("SELECT count(*) FROM market.trail_anchors") == [(0,)]
    await jobs.anchor_due(due)
    await jobs.anchor_due(due)
    carried = "SELECT account, to_address FROM market.intents JOIN market.trail_anchors ON intent_id = id"
    packed = bytes.fromhex(trail.sender.address[2:])
    assert trail.tamper(carried) == [(packed, packed)]
