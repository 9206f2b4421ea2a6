"""A range in one call, from what a node said to packed rows: a call that the helper can take (indexer/helper.py).

Rows come back, events do not: what the folds of a batch need stays on a shelf where the range was read, and its rows
are folded there, too. A ticket names it. A range may be read twice, by two nodes; whoever uses it clears the shelf of
all that lies at its blocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import NamedTuple

from app.chain.deployment import Deployment
from indexer.answers import Block, Text, each_answer, header_of, logs_of
from indexer.decode import Decoder, decoder_for
from indexer.errors import HelperLost
from indexer.fetch import checked, doubtful
from indexer.projections import Projection, projections_for
from indexer.refold import Begun, begin_all
from indexer.rows import Prepared, Touched, prepare
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


@cache
def folds_of(deployment: Deployment) -> tuple[Decoder, Sequence[Projection]]:
    return decoder_for(deployment), projections_for(deployment)


def prepare_texts(headers: Sequence[Text], logs: Text, deployment: Deployment) -> Shelved:
    """Checks, decodes and packs a node's answers about a range. Raises TornRange, NodeRefused or MalformedAnswer."""
    decoder, _ = folds_of(deployment)
    found = [block for text in headers for block in each_answer(text, header_of)]
    (said,) = each_answer(logs, logs_of)
    return shelve(prepare(decoder, checked(found, said)), doubtful(decoder.addresses, found, said))


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
    return begin_all(folds_of(deployment)[1], events)


def clear_shelf(first: int = 0, last: int = NO_END) -> None:
    """Of all ranges that begin at these blocks: some were read twice, or in vain."""
    for ticket in [ticket for ticket in _shelf if first <= ticket.first <= last]:
        del _shelf[ticket]
