"""Every SELECT of the trail."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.relayer.models import Intent
from app.relayer.rules import IntentState
from app.trail.models import Anchor, Entry, Origin

PAGE = 1_000


@dataclass(frozen=True)
class Link:
    """An entry with its place in the chain."""

    position: int
    previous: bytes
    hash: bytes
    entry: Entry
    origin: Origin | None


@dataclass(frozen=True)
class Anchored:
    """An anchor, the intent that carries it, and the hash that the link at its position has now."""

    anchor: Anchor
    intent: Intent
    link_hash: bytes | None


async def links(
    session: AsyncSession, start: datetime | None = None, end: datetime | None = None, before: int | None = None
) -> AsyncIterator[Link]:
    """All links, or those of calls from `start` until before `end`, or at places before `before`; in their order."""
    wanted = select(Entry, Origin).outerjoin(Origin, Origin.entry_id == Entry.id).order_by(Entry.position).limit(PAGE)
    if start is not None:
        wanted = wanted.where(Entry.at >= start)
    if end is not None:
        wanted = wanted.where(Entry.at < end)
    if before is not None:
        wanted = wanted.where(Entry.position < before)
    last: int | None = None
    while True:
        after = Entry.position.is_not(None) if last is None else Entry.position > last
        rows = (await session.execute(wanted.where(after))).all()
        for row in rows:
            link = link_of(row[0], row[1])
            last = link.position
            yield link
        session.expunge_all()  # or the session would hold every row that it ever gave
        if len(rows) < PAGE:
            return


def link_of(entry: Entry, origin: Origin | None) -> Link:
    if entry.position is None or entry.previous is None or entry.hash is None:
        raise ValueError(f"entry {entry.id} is not linked")
    return Link(entry.position, bytes(entry.previous), bytes(entry.hash), entry, origin)


async def head(session: AsyncSession) -> Entry | None:
    """The newest link."""
    linked = select(Entry).where(Entry.position.is_not(None)).order_by(Entry.position.desc()).limit(1)
    return (await session.scalars(linked)).one_or_none()


async def count_unlinked(session: AsyncSession) -> int:
    """Entries that wait for the linker."""
    return (await session.execute(select(func.count()).where(Entry.position.is_(None)))).scalar_one()


async def has_waited(session: AsyncSession, every: timedelta) -> bool:
    """Whether the first link after the newest anchor that did not fail is older than `every`."""
    standing = (
        select(func.coalesce(func.max(Anchor.position), 0))
        .join(Intent, Intent.id == Anchor.intent_id)
        .where(Intent.state != IntentState.FAILED)
        .scalar_subquery()
    )
    first = select(Entry.at).where(Entry.position > standing).order_by(Entry.position).limit(1).scalar_subquery()
    return bool((await session.execute(select(first < func.clock_timestamp() - every))).scalar_one())


async def count_anchors(session: AsyncSession, position: int) -> int:
    """How often a link was sent to the chain."""
    return (await session.execute(select(func.count()).where(Anchor.position == position))).scalar_one()


async def anchors(session: AsyncSession) -> AsyncIterator[Anchored]:
    """All anchors by position."""
    wanted = (
        select(Anchor, Intent, Entry.hash)
        .join(Intent, Intent.id == Anchor.intent_id)
        .outerjoin(Entry, Entry.position == Anchor.position)
        .order_by(Anchor.position, Anchor.created_at, Anchor.intent_id)
    )
    done = 0
    while rows := (await session.execute(wanted.offset(done).limit(PAGE))).all():
        for row in rows:
            yield Anchored(row[0], row[1], None if row[2] is None else bytes(row[2]))
        session.expunge_all()
        done += len(rows)


async def next_beginning(session: AsyncSession, days: int) -> int | None:
    """The first link past the beginning that is anchored for good and older than `days`: what lies before may go."""
    beginning = select(func.min(Entry.position)).scalar_subquery()
    wanted = (
        select(func.min(Entry.position))
        .join(Anchor, (Anchor.position == Entry.position) & (Anchor.hash == Entry.hash))
        .join(Intent, (Intent.id == Anchor.intent_id) & (Intent.state == IntentState.FINAL))
        .where(Entry.position > beginning, Entry.at < func.clock_timestamp() - timedelta(days=days))
    )
    return (await session.execute(wanted)).scalar_one()
