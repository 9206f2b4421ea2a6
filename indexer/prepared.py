"""A range in one call, from what a node said to packed rows: a call that the helper can take (indexer/lanes.py).

Rows come back, events do not: what the folds of a batch need stays on a shelf where the range was read, and its rows
are folded there, too. A ticket names it. A range may be read twice, by two nodes; whoever uses it clears the shelf of
all that lies at its blocks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

from app.chain.deployment import Deployment
from indexer.answers import (
    MISSHAPEN,
    Block,
    LogEntry,
    Text,
    each_answer,
    entries_of,
    header_of,
    log_of,
    logs_of,
    number_of,
)
from indexer.decode import Contract, Decoder, decoder_for, readers_of
from indexer.errors import HelperLost
from indexer.fetch import doubtful, in_order, require_linked
from indexer.log_rows import BlockText, row_of_entry
from indexer.packing import packer_of
from indexer.projections import FOLDED, projections_for
from indexer.records import makers_of
from indexer.refold import Begun, begin_all
from indexer.rows import Prepared, Reading, Touched, read_logs
from indexer.tables import NO_END


class Ticket(NamedTuple):
    """A range's first block, and a number of its own."""

    first: int
    number: int


@dataclass(frozen=True, slots=True)
class Shelved:
    """A range whose events lie on the shelf. The `doubtful` blocks must be asked for once more."""

    prepared: Prepared
    ticket: Ticket
    doubtful: Sequence[Block]


Events = Mapping[str, Sequence[Touched]]
_shelf: dict[Ticket, Events] = {}
_numbers = count()


def warm() -> None:
    """Generates all functions that any deployment's contracts need."""
    for contract in Contract:
        makers_of(contract)
        readers_of(contract)
    for model in FOLDED:
        packer_of(model)


def prepare_texts(headers: Sequence[Text], logs: Text, deployment: Deployment) -> Shelved:
    """Checks, decodes and packs a node's answers about a range. Raises TornRange, NodeRefused or MalformedAnswer."""
    decoder = decoder_for(deployment)
    found = [block for text in headers for block in each_answer(text, header_of)]
    blocks = require_linked([block for block, _bloom in found])
    (entries,) = each_answer(logs, entries_of)
    try:
        reading = read_entries(decoder, blocks, entries)
    except MISSHAPEN:
        each_answer(logs, logs_of)  # the node is to blame where this fails, too
        raise
    return shelve(reading.prepared(blocks), doubtful(decoder.addresses, found, reading.blocks))


def read_entries(decoder: Decoder, blocks: Sequence[Block], entries: Sequence[LogEntry]) -> Reading:
    """Reads a node's logs of these blocks. Raises TornRange where one is of another fork, or came twice."""
    reading = Reading(decoder)
    if not read_in_passing(reading, blocks, entries):
        reading = read_logs(decoder, blocks, in_order(blocks, map(log_of, entries)))
    return reading


def read_in_passing(reading: Reading, blocks: Sequence[Block], entries: Iterable[LogEntry]) -> bool:
    """Reads logs without a sort and without a RawLog for each. False where they come in another order, or one of them
    is not said to be of these very blocks."""
    texts = {hex(block.number): BlockText.of(block) for block in blocks}
    text, shown, number, timestamp, last_index = None, "", -1, 0, -1
    for entry in entries:
        if entry["blockNumber"] != shown:
            shown, before = entry["blockNumber"], number
            text = texts.get(shown)
            if text is None or text.block.number < before:
                return False
            number, timestamp, last_index = text.block.number, text.block.timestamp, -1
        index = number_of(entry["logIndex"])
        if text is None or entry["blockHash"] != text.hash or index <= last_index:
            return False
        last_index = index
        row = row_of_entry(entry, text)
        if row is None or not reading.row(row, number, index, timestamp):
            reading.log(log_of(entry), timestamp)
    return True


def shelve(prepared: Prepared, doubtful: Sequence[Block] = ()) -> Shelved:
    """Lets the rows go, and keeps the events."""
    ticket = Ticket(prepared.edges[0].number, next(_numbers))
    _shelf[ticket] = prepared.events
    return Shelved(replace(prepared, events={}), ticket, doubtful)


def begin_shelved(deployment: Deployment, tickets: Sequence[Ticket]) -> list[Begun]:
    """Folds ranges that follow each other, and clears the shelf of their blocks. Raises HelperLost where their events
    were on the shelf of a helper that ended."""
    if not _shelf.keys() >= set(tickets):
        raise HelperLost
    events = [_shelf.pop(ticket) for ticket in tickets]
    clear_shelf(tickets[0].first, tickets[-1].first)
    return begin_all(projections_for(deployment), events, {})


def clear_shelf(first: int = 0, last: int = NO_END) -> None:
    """Of all ranges that begin at these blocks: some were read twice, or in vain."""
    for ticket in [ticket for ticket in _shelf if first <= ticket.first <= last]:
        del _shelf[ticket]
