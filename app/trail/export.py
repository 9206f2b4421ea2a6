"""The trail as lines of JSON: enough to make every hash again without the database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.trail import queries
from app.trail.models import Origin
from app.trail.queries import Link


async def write_links(
    session: AsyncSession,
    out: BinaryIO,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    before: int | None = None,
) -> int:
    """Writes one line for each link of calls from `start` until before `end`, or before a place; how many."""
    written = 0
    async for link in queries.links(session, start, end, before):
        out.write(orjson.dumps(line_of(link)) + b"\n")
        written += 1
    return written


async def write_file(session: AsyncSession, folder: Path, before: int) -> Path:
    """Writes what lies before a place into a new file of `folder`, whole or not at all."""
    path = folder / f"trail-before-{before:012d}.jsonl"
    with unfinished(path) as out:
        await write_links(session, out, before=before)
    return path


@contextmanager
def unfinished(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner alone that gets its name once all is written and on the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    other = path.with_suffix(".unfinished")
    with other.open("wb") as out:
        other.chmod(0o600)
        yield out
        out.flush()
        os.fsync(out.fileno())
    other.replace(path)


def line_of(link: Link) -> dict[str, Any]:
    """The facts as they are hashed, the link, and where the call came from unless that was erased."""
    facts = vars(link.entry.facts) | {"at": link.entry.at.isoformat(timespec="microseconds")}
    said = {"position": link.position, "previous": link.previous.hex(), "hash": link.hash.hex()}
    return said | facts | {"origin": None if link.origin is None else origin_of(link.origin)}


def origin_of(origin: Origin) -> dict[str, str]:
    return {
        "salt": bytes(origin.salt).hex(),
        "network": origin.network,
        "user_agent": origin.user_agent,
        "request_id": origin.request_id,
    }
