"""Slices of the audit (indexer/audit.py): what it compares at once, some blocks or some keys at a time, each slice on
one snapshot of a connection of its own. For a thread beside the loop."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composable, Composed, Literal

from app.chain.deployment import Deployment
from indexer import bulk, tables
from indexer.audit import OPTIONS, Difference, has_key, unlike_events, unlike_logs
from indexer.decode import decoder_for
from indexer.projections import Key, Projection

SLICE_KEYS = 200


@dataclass(frozen=True)
class Slice:
    """Some keys in their order. `last` is where the next slice begins, None after the last key."""

    keys: Sequence[Key]
    last: tuple[object, ...] | None
    differences: Sequence[Difference]


def unlike_in_range(database_url: str, deployment: Deployment, first: int, last: int) -> list[Difference]:
    """Typed events and quarantine of some blocks against their raw logs."""
    with snapshot(database_url) as connection:
        return list(unlike_logs(connection, decoder_for(deployment), first, last))


def unlike_in_slice(database_url: str, projection: Projection, after: tuple[object, ...] | None) -> Slice:
    """The rows of the next keys against a fold from zero; keys that have events and no row, or the other way round,
    among them."""
    with snapshot(database_url) as connection:
        raw = connection.execute(select_keys(projection, after)).fetchall()
        if not raw:
            return Slice((), None, ())
        upto = SQL("({}) <= ({})").format(bulk.listed(projection.key), listed(raw[-1]))
        within = SQL("{} AND {}").format(above(projection, after), upto)
        found = list(unlike_events(connection, projection, within))
        keys = [tables.values_of(projection.events.model, projection.key, row) for row in raw]
        return Slice(keys, raw[-1] if len(raw) == SLICE_KEYS else None, found)


@contextmanager
def snapshot(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url, connect_timeout=5, options=OPTIONS) as connection:
        connection.read_only = True
        yield connection


def select_keys(projection: Projection, after: tuple[object, ...] | None) -> Composed:
    """Keys of events and keys of rows, each through its own index."""
    one = SQL("(SELECT DISTINCT {key} FROM {table} WHERE {there} AND {above} ORDER BY {key} LIMIT {limit})")
    parts = [
        one.format(
            key=bulk.listed(projection.key),
            table=tables.qualified(model),
            there=has_key(projection),
            above=above(projection, after),
            limit=Literal(SLICE_KEYS),
        )
        for model in (projection.events.model, projection.model)
    ]
    return SQL("{} UNION {} ORDER BY {} LIMIT {}").format(*parts, bulk.listed(projection.key), Literal(SLICE_KEYS))


def above(projection: Projection, after: tuple[object, ...] | None) -> Composable:
    if after is None:
        return SQL("true")
    return SQL("({}) > ({})").format(bulk.listed(projection.key), listed(after))


def listed(values: Sequence[object]) -> Composed:
    return SQL(", ").join(map(Literal, values))
