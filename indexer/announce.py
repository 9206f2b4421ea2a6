"""What a batch tells the rest: each event, each compensation of a reorg, and finality."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from indexer.follow import Batch
from indexer.projections import Placed

ANNOUNCE = """
SELECT market.announce(topic, subject, payload)
FROM unnest(%s::text[], %s::text[], %s::jsonb[]) AS said (topic, subject, payload)
"""


@dataclass(frozen=True, slots=True)
class Announcement:
    topic: str
    subject: str
    payload: Mapping[str, Any]


def announcements_of(
    batch: Batch, placed: Iterable[Placed], orphaned: Iterable[str], chain_id: int
) -> list[Announcement]:
    """Compensations first, then events in the chain's order, then finality."""
    cut = {"from_block": batch.ancestor.number + 1, "to_block": batch.cursor.block.number}
    said = [Announcement("chain.reorged", subject, cut) for subject in sorted(set(orphaned))]
    said += [event_announcement(one) for one in placed]
    if batch.finalized_number > batch.cursor.finalized_number:
        said.append(Announcement("chain.finalized", f"chain:{chain_id}", {"block": batch.finalized_number}))
    return said


def event_announcement(placed: Placed) -> Announcement:
    event = placed.event
    payload = {"block": event.block_number, "log_index": event.log_index, "tx": event.tx_hash, "args": event.args}
    return Announcement(f"chain.{event.name}", placed.table.subject(event), payload)


async def announce(connection: AsyncConnection, said: Sequence[Announcement]) -> None:
    """Inside the caller's transaction: nothing is said of a batch that does not commit."""
    if said:
        topics, subjects = [one.topic for one in said], [one.subject for one in said]
        await connection.execute(ANNOUNCE, [topics, subjects, [Jsonb(one.payload) for one in said]])
