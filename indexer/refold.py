"""Folds the rows of touched keys anew from all of their events."""

import logging
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed, Identifier

from app.chain.events import ChainEvent
from app.escrow.rules import EventBeforeFunding
from indexer import tables
from indexer.projections import Key, Projection

log = logging.getLogger(__name__)


async def refold(connection: AsyncConnection, projection: Projection, keys: Iterable[Key]) -> None:
    """Upserts the row of each key; a key whose events are all gone loses its row."""
    wanted = sorted(keys)
    if not wanted:
        return
    folded = {key: fold(projection, key, events) for key, events in await events_of(connection, projection, wanted)}
    rows = [tables.row_of(projection.model, value) for value in folded.values() if value is not None]
    await tables.upsert(connection, projection.model, rows)
    await drop(connection, projection, [key for key in wanted if folded.get(key) is None])


def fold(projection: Projection, key: Key, events: Sequence[ChainEvent]) -> object | None:
    """One row. A task whose beginning is missing has none: wrong rows about money are worse than absent ones."""
    try:
        return projection.fold(key, events)
    except EventBeforeFunding:
        log.exception("events incomplete subject=%s", projection.subject(key))
        return None


async def events_of(
    connection: AsyncConnection, projection: Projection, keys: Sequence[Key]
) -> list[tuple[Key, list[ChainEvent]]]:
    """All events of each key, in the chain's order."""
    model = projection.events.model
    arrays = tables.columns_of(model, projection.key, keys)
    rows = await (await connection.execute(select_events(projection), arrays)).fetchall()
    width = len(projection.key)
    return [
        (tables.values_of(model, projection.key, key), [event_of(row[width:]) for row in group])
        for key, group in groupby(rows, key=lambda row: row[:width])
    ]


def select_events(projection: Projection) -> Composed:
    key = SQL(", ").join(map(Identifier, projection.key))
    return SQL(
        "SELECT {key}, block_number, log_index, tx_hash, block_timestamp, name, args FROM {events} JOIN {wanted} "
        "USING ({key}) ORDER BY {key}, block_number, log_index"
    ).format(
        key=key,
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
