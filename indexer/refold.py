"""Folds the rows of touched keys: onto the stored row where only newer events came, anew from all events otherwise."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson
from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.string import ByteaBinaryLoader

from app.chain.events import ChainEvent
from app.escrow.rules import EventBeforeFunding
from indexer import bulk, tables
from indexer.projections import Key, Projection
from indexer.rows import Touched
from indexer.work import work_now

log = logging.getLogger(__name__)

Orphans = Mapping[str, Sequence[Key]]
"""By event table: the own columns' values of the events that a reorg took."""
Came = Mapping[Key, Sequence[ChainEvent]]
"""A batch's own events of each key, in the chain's order."""


@dataclass(frozen=True)
class Sorted:
    """What each touched key needs. `begun` have all of their events at hand, `older` a stored row beneath them, and
    of the `unknown` every event must be read."""

    begun: Came
    older: Came
    unknown: frozenset[Key]


def sort_keys(projection: Projection, touched: Iterable[Touched], orphaned: Iterable[Key]) -> Sorted:
    """By key. A key that lost events to a reorg is read anew, whatever else happened to it."""
    came = by_key(projection, touched)
    unknown = set(orphaned)
    whole = {k: events for k, events in came.items() if begins(projection, events) and k not in unknown}
    rest = {key: events for key, events in came.items() if key not in whole and key not in unknown}
    if projection.row is None:
        return Sorted(whole, {}, frozenset(unknown | rest.keys()))
    return Sorted(whole, rest, frozenset(unknown))


def by_key(projection: Projection, touched: Iterable[Touched]) -> dict[Key, list[ChainEvent]]:
    came: dict[Key, list[ChainEvent]] = {}
    if len(projection.key) == 1:
        (at,) = projection.places
        for values, event in touched:
            if values[at] is not None:
                came.setdefault((values[at],), []).append(event)
        return came
    for values, event in touched:
        key = projection.key_of(values)
        if None not in key:
            came.setdefault(key, []).append(event)
    return came


def begins(projection: Projection, events: Iterable[ChainEvent]) -> bool:
    return not projection.begins.isdisjoint([event.name for event in events])


@dataclass(frozen=True)
class Begun:
    """What a batch makes of a projection before the database is asked: the rows of all keys that began in it, and what
    is left: keys that have a row, with their events (`pack_events`), and keys all of whose events must be read."""

    rows: bulk.Rows
    older: Sequence[Key]
    events: bytes
    unknown: frozenset[Key]


def pack_events(came: Came) -> bytes:
    """Events by key, as they travel between processes: pickled, they would cost more than they do to fold."""
    return orjson.dumps([[key, list(map(tuple, events))] for key, events in came.items()])


def unpack_events(packed: bytes) -> dict[Key, list[ChainEvent]]:
    return {tuple(key): [ChainEvent._make(event) for event in events] for key, events in orjson.loads(packed)}


def begin(projection: Projection, touched: Iterable[Touched], orphaned: Iterable[Key]) -> Begun:
    """Sorts, and folds what is at hand; touches no database, so a thread may do it."""
    keys = sort_keys(projection, touched, orphaned)
    folded = {key: fold(projection, key, events, None) for key, events in keys.begun.items()}
    left = pack_events(keys.older) if keys.older else b""
    return Begun(packed(projection, folded), list(keys.older), left, keys.unknown)


def begin_all(
    projections: Sequence[Projection], events: Sequence[Mapping[str, Sequence[Touched]]], orphans: Orphans
) -> list[Begun]:
    """What each fold makes of ranges, given their events by table, and of what a reorg took."""
    return [begin(each, touched(each, events), orphaned(each, orphans)) for each in projections]


def orphaned(projection: Projection, orphans: Orphans) -> set[Key]:
    """The keys that a reorg took something from."""
    return projection.keys_in(orphans.get(projection.events.name, ()))


def touched(projection: Projection, events: Sequence[Mapping[str, Sequence[Touched]]]) -> list[Touched]:
    return [one for each in events for one in each[projection.events.name]]


@dataclass(frozen=True)
class GoingOn:
    """Rows that go on from stored ones, folded in a thread while the database does something else."""

    rows: asyncio.Future[bulk.Rows] | None = None

    async def ready(self) -> bulk.Rows:
        return [] if self.rows is None else await self.rows


async def go_on(connection: AsyncConnection, projection: Projection, begun: Begun) -> GoingOn:
    """Reads the rows on which a batch's later events build, and begins to fold them."""
    if not begun.older:
        return GoingOn()
    fetched = await stored_rows(connection, projection, begun.older)
    return GoingOn(asyncio.ensure_future(work_now(fold_older, projection, begun.events, fetched)))


async def refold(
    connection: AsyncConnection, projection: Projection, begun: Begun, going_on: GoingOn = GoingOn()
) -> None:
    """Stores the row of each key; a key whose events are all gone loses its row."""
    await bulk.insert(connection, projection.model, begun.rows)
    rows = await going_on.ready()
    await bulk.update(connection, projection.model, projection.going_on, rows, keep=projection.added)
    if not begun.unknown:
        return
    read = await events_of(connection, projection, begun.unknown)
    rows, gone = await work_now(fold_anew, projection, begun.unknown, read)
    await bulk.upsert(connection, projection.model, rows)
    await drop(connection, projection, gone)


def fold_older(projection: Projection, events: bytes, fetched: Sequence[Any]) -> bulk.Rows:
    """The rows of keys whose earlier events made the fetched ones."""
    stored, came = loaded(projection, fetched), unpack_events(events)
    folded = {key: fold(projection, key, events, stored.get(key)) for key, events in came.items()}
    return packed(projection, folded, projection.going_on)


def fold_anew(
    projection: Projection, keys: Iterable[Key], read: Iterable[tuple[Key, Sequence[ChainEvent]]]
) -> tuple[bulk.Rows, list[Key]]:
    """The rows of keys all of whose events were read, and the keys that have none any more."""
    folded = {key: fold(projection, key, events, None) for key, events in read}
    return packed(projection, folded), [key for key in keys if folded.get(key) is None]


def packed(projection: Projection, folded: Mapping[Key, object | None], names: tuple[str, ...] = ()) -> bulk.Rows:
    """The rows that there are: of the named columns, or of all."""
    row_of = tables.row_of(projection.model, names)
    rows = [row_of(row) for row in folded.values() if row is not None]
    return bulk.rows_of(projection.model, rows, names)


def fold(projection: Projection, key: Key, events: Iterable[ChainEvent], begun: object | None) -> object | None:
    """One row. A task whose beginning is missing has none: wrong rows about money are worse than absent ones."""
    try:
        return projection.fold(key, events, begun)
    except EventBeforeFunding:
        log.exception("events incomplete subject=%s", projection.subject(key))
        return None


async def stored_rows(connection: AsyncConnection, projection: Projection, keys: Iterable[Key]) -> list[Any]:
    """The rows of the keys as PostgreSQL gives them, where they exist and a fold can go on from them."""
    wanted = list(keys)
    if not wanted or projection.row is None:
        return []
    arrays = tables.columns_of(projection.model, projection.key, wanted)
    async with connection.cursor(binary=True) as cursor:
        cursor.adapters.register_loader("numeric", ByteaBinaryLoader)  # a Decimal costs more than all other columns
        await cursor.execute(select_rows(projection), arrays)
        return await cursor.fetchall()


def loaded(projection: Projection, fetched: Iterable[Sequence[Any]]) -> dict[Key, Any]:
    """Fetched rows as folds know them, by key."""
    if projection.row is None:
        return {}
    load = tables.loader(projection.model, projection.needed, projection.row)
    key_of = attrgetter(*projection.key)
    rows = [load(row) for row in fetched]
    return {key_of(row) if len(projection.key) > 1 else (key_of(row),): row for row in rows}


def select_rows(projection: Projection) -> Composed:
    return SQL("SELECT {} FROM {} JOIN {} USING ({})").format(
        bulk.listed(projection.needed),
        tables.qualified(projection.model),
        tables.keys_clause(projection.model, projection.key),
        bulk.listed(projection.key),
    )


async def events_of(
    connection: AsyncConnection, projection: Projection, keys: Iterable[Key]
) -> list[tuple[Key, list[ChainEvent]]]:
    """All events of each key, in the chain's order."""
    wanted = sorted(keys)
    if not wanted:
        return []
    model = projection.events.model
    arrays = tables.columns_of(model, projection.key, wanted)
    rows = await (await connection.execute(select_events(projection), arrays)).fetchall()
    width = len(projection.key)
    return [
        (tables.values_of(model, projection.key, key), [event_of(row[width:]) for row in group])
        for key, group in groupby(rows, key=lambda row: row[:width])
    ]


def select_events(projection: Projection) -> Composed:
    return SQL(
        "SELECT {key}, block_number, log_index, tx_hash, block_timestamp, name, args FROM {events} JOIN {wanted} "
        "USING ({key}) ORDER BY {key}, block_number, log_index"
    ).format(
        key=bulk.listed(projection.key),
        events=tables.qualified(projection.events.model),
        wanted=tables.keys_clause(projection.events.model, projection.key),
    )


def event_of(row: Sequence[Any]) -> ChainEvent:
    block_number, log_index, tx_hash, timestamp, name, args = row
    return ChainEvent(block_number, log_index, "0x" + tx_hash.hex(), timestamp, name, args)


async def drop(connection: AsyncConnection, projection: Projection, keys: Sequence[Key]) -> None:
    if not keys:
        return
    model = projection.model
    same = SQL(" AND ").join(SQL("gone.{0} = wanted.{0}").format(Identifier(name)) for name in projection.key)
    statement = SQL("DELETE FROM {} AS gone USING {} WHERE {}").format(
        tables.qualified(model), tables.keys_clause(model, projection.key), same
    )
    await connection.execute(statement, tables.columns_of(model, projection.key, keys))
