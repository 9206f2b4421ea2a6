"""Compares what is stored with what reading and folding from zero gives, on one snapshot. Nothing is changed, and
nobody waits: memory holds one key's events at a time.

Two steps, each over everything: typed events against the raw logs, folded rows against the typed events.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from app.chain.deployment import Deployment
from app.chain.models import Log
from app.database import INDEXER_ROLE
from indexer import bulk, tables
from indexer.decode import Decoder, Quarantined, RawLog, decoder_for
from indexer.projections import EVENT_TABLES, EventTable, Placed, Projection, projections_for
from indexer.refold import event_of, fold
from indexer.rows import event_columns, read_log

MAX_SAID = 20
OPTIONS = f"-c role={INDEXER_ROLE} -c timezone=UTC -c default_transaction_isolation=repeatable\\ read"

LOGS = SQL(
    "SELECT {}, timestamp FROM chain.logs JOIN chain.blocks ON number = block_number "
    "WHERE block_number BETWEEN {} AND {} ORDER BY 1, 2"
)
QUARANTINED = SQL(
    "SELECT block_number, log_index FROM chain.quarantine WHERE block_number BETWEEN {} AND {} ORDER BY 1, 2"
)
EVERY_KEY = SQL("true")


@dataclass(frozen=True)
class Difference:
    """`where` names a table and a place or key in it; None stands for no row."""

    where: str
    stored: object
    expected: object

    def __str__(self) -> str:
        return f"{self.where}: stored {self.stored}, expected {self.expected}"


def print_audit(database_url: str, deployment: Deployment) -> int:
    """Prints the differences; 0 where there are none."""
    with psycopg.connect(database_url, connect_timeout=5, options=OPTIONS) as connection:
        connection.read_only = True
        found = 0
        for found, difference in enumerate(differences(connection, deployment), start=1):
            if found <= MAX_SAID:
                print(difference)
    print(f"differences={found}")
    return 1 if found else 0


def differences(connection: Connection, deployment: Deployment) -> Iterator[Difference]:
    """In one transaction, so that a batch that comes meanwhile is not seen."""
    projections = projections_for(deployment)
    models = [*(table.model for table in EVENT_TABLES), *(projection.model for projection in projections)]
    held = SQL(", ").join(map(tables.qualified, models))
    connection.execute(SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(held))  # a refold waits with its swap
    yield from unlike_logs(connection, decoder_for(deployment))
    for projection in projections:
        yield from unlike_events(connection, projection)


def unlike_logs(
    connection: Connection, decoder: Decoder, first: int = 0, last: int = tables.NO_END
) -> Iterator[Difference]:
    """Typed events and quarantined logs of the blocks first..last against the raw logs."""
    within = Literal(first), Literal(last)
    stored = {table.name: Stored(rows(connection, select_events(table, *within)), (0, 1)) for table in EVENT_TABLES}
    stored["quarantine"] = Stored(rows(connection, QUARANTINED.format(*within)), (0, 1))
    for row in rows(connection, LOGS.format(bulk.listed(tables.names_of(Log)), *within)):
        log = RawLog(*row[:-1])
        found = read_log(decoder, log, row[-1])
        place = (log.block_number, log.log_index)
        if isinstance(found, Quarantined):
            yield from unlike(f"quarantine {place}", stored["quarantine"].take(place), place)
        elif found is not None:
            kept = typed(found.table, stored[found.table.name].take(place))
            yield from unlike(f"{found.table.name} {place}", kept, expected_row(log, found))
    for name, left in stored.items():
        yield from (Difference(f"{name} {row[:2]}", row, None) for row in left.rest())


@dataclass
class Stored:
    """Rows in the order of the columns `key`; those that nobody takes are told at the end."""

    rows: Iterator[tuple[Any, ...]]
    key: Sequence[int]
    passed: list[tuple[Any, ...]] = field(default_factory=list)
    head: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        self.head = next(self.rows, None)

    def take(self, key: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The row with this key, if there is one. Keys are asked for in their order."""
        while self.head is not None and self._of(self.head) < key:
            self.passed.append(self.head)
            self.head = next(self.rows, None)
        if self.head is None or self._of(self.head) != key:
            return None
        found, self.head = self.head, next(self.rows, None)
        return found

    def rest(self) -> Iterator[tuple[Any, ...]]:
        yield from self.passed
        if self.head is not None:
            yield self.head
        yield from self.rows

    def _of(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(row[n] for n in self.key)


def expected_row(log: RawLog, placed: Placed) -> tuple[Any, ...]:
    event = placed.event
    place = (log.block_number, log.log_index, log.tx_hash, event.block_timestamp)
    return (*place, event.name, event.args, *placed.values)


def typed(table: EventTable, row: Sequence[Any] | None) -> tuple[Any, ...] | None:
    """A stored event with its table's own columns as folds know them."""
    if row is None:
        return None
    own = len(row) - len(table.columns)
    return (*row[:own], *tables.values_of(table.model, table.columns, row[own:]))


def unlike_events(
    connection: Connection, projection: Projection, within: Composable = EVERY_KEY
) -> Iterator[Difference]:
    """Folded rows against all events of their keys, of those keys that `within` (a condition upon them) lets pass.
    Both come in the order of the key, so one pass compares them."""
    model, names = projection.model, tables.names_of(projection.model)
    name, width, row_of = model.__tablename__, len(projection.key), tables.row_of(projection.model)
    stored = Stored(
        rows(connection, select_rows(projection, within)), [names.index(column) for column in projection.key]
    )
    for key, group in groupby(rows(connection, select_keyed(projection, within)), key=lambda row: row[:width]):
        known = tables.values_of(projection.events.model, projection.key, key)
        made = fold(projection, known, [event_of(row[width:]) for row in group], None)
        kept = stored.take(key)
        there = None if kept is None else tables.values_of(model, names, kept)
        yield from unlike(f"{name} {known}", there, None if made is None else tuple(row_of(made)))
    yield from (Difference(f"{name} {row[:width]}", row, None) for row in stored.rest())


def unlike(where: str, stored: object, expected: object) -> Iterator[Difference]:
    if stored != expected:
        yield Difference(where, stored, expected)


def select_events(table: EventTable, first: Literal, last: Literal) -> Composed:
    listed = bulk.listed(event_columns(table))
    return SQL("SELECT {} FROM {} WHERE block_number BETWEEN {} AND {} ORDER BY 1, 2").format(
        listed, tables.qualified(table.model), first, last
    )


def select_keyed(projection: Projection, within: Composable) -> Composed:
    key = bulk.listed(projection.key)
    there = has_key(projection)
    return SQL(
        "SELECT {key}, block_number, log_index, tx_hash, block_timestamp, name, args FROM {events} "
        "WHERE {there} AND {within} "
        "ORDER BY {key}, block_number, log_index"
    ).format(key=key, events=tables.qualified(projection.events.model), there=there, within=within)


def has_key(projection: Projection) -> Composed:
    return SQL(" AND ").join(SQL("{} IS NOT NULL").format(Identifier(name)) for name in projection.key)


def select_rows(projection: Projection, within: Composable) -> Composed:
    listed = bulk.listed(tables.names_of(projection.model))
    return SQL("SELECT {} FROM {} WHERE {} ORDER BY {}").format(
        listed, tables.qualified(projection.model), within, bulk.listed(projection.key)
    )


def rows(connection: Connection, query: Composed) -> Iterator[tuple[Any, ...]]:
    """By a cursor of the server's, some thousand at a time."""
    cursor = connection.cursor(f"audit_{id(query)}")
    cursor.itersize = 5_000
    cursor.execute(query)
    yield from cursor
    cursor.close()
