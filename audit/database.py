"""The mirror's side, read in one repeatable-read transaction so that all rows belong to one cursor."""

from dataclasses import dataclass
from typing import Any

import psycopg
from eth_utils.address import to_checksum_address
from psycopg.rows import dict_row

from audit.abi import Event
from audit.fold import Row
from audit.ledger import Ledger, ledger_of

CHANNEL_PARTIES = ("payer", "sequencer", "signer")
PARTIES = ("buyer", "terms_agent", "awarder", "arbiter", "agent", "payee", "disputed_by")
ADDRESS_COLUMNS = frozenset({*PARTIES, *CHANNEL_PARTIES, "escrow", "owner", "wallet", "client"})
MONEY_EVENTS = "SELECT * FROM chain.escrow_events ORDER BY block_number, log_index"
OTHER_EVENTS = """
    SELECT block_number, log_index, name, tx_hash FROM chain.agent_events
    UNION ALL SELECT block_number, log_index, name, tx_hash FROM chain.feedback_events
    UNION ALL SELECT block_number, log_index, name, tx_hash FROM chain.channel_events
"""


@dataclass(frozen=True)
class MirrorSide:
    block: int
    block_hash: str
    ledger: Ledger
    escrows: dict[str, Row]
    owed: dict[str, int]
    agents: dict[int, Row]
    feedback: dict[tuple[int, str, int], Row]
    events: dict[tuple[int, int], tuple[str, str]]
    blocks: dict[int, str]
    channels: dict[str, Row]


def read_mirror(database_url: str) -> MirrorSide | None:
    """None while nothing has been mirrored. Raises psycopg.Error."""
    with psycopg.connect(database_url, connect_timeout=10, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        cursors = rows_of(connection, "SELECT block_number, block_hash FROM chain.cursors")
        if not cursors:
            return None
        return mirror_at(connection, cursors[0])


def mirror_at(connection: psycopg.Connection[dict[str, Any]], cursor: Row) -> MirrorSide:
    escrows = {row["task_id"]: row for row in rows_of(connection, "SELECT * FROM chain.escrows")}
    owed = {row["owner"]: row["amount"] for row in rows_of(connection, "SELECT owner, amount FROM chain.owed")}
    agents = rows_of(connection, "SELECT agent_id, owner, uri, wallet FROM chain.agents")
    feedback = rows_of(connection, "SELECT * FROM chain.feedback")
    money = rows_of(connection, MONEY_EVENTS)
    typed = money + rows_of(connection, OTHER_EVENTS)
    held = sum(row["remaining"] for row in escrows.values())
    blocks = rows_of(connection, "SELECT number, hash FROM chain.blocks")
    return MirrorSide(
        block=cursor["block_number"],
        block_hash=cursor["block_hash"],
        ledger=ledger_of([event_of(row) for row in money], escrows, sum(owed.values()), held),
        escrows=escrows,
        owed=owed,
        agents={row.pop("agent_id"): row for row in agents},
        feedback={(row["agent_id"], row["client"], row["feedback_index"]): row for row in feedback},
        events={(row["block_number"], row["log_index"]): (row["name"], row["tx_hash"]) for row in typed},
        blocks={row["number"]: row["hash"] for row in blocks},
        channels={row["channel_id"]: row for row in rows_of(connection, "SELECT * FROM chain.channels")},
    )


def rows_of(connection: psycopg.Connection[dict[str, Any]], query: str) -> list[Row]:
    found = connection.execute(query.encode()).fetchall()
    return [{name: plain(name, value) for name, value in row.items()} for row in found]


def plain(name: str, value: Any) -> Any:
    """Bytes as hex, addresses checksummed, NUMERIC as int."""
    if isinstance(value, bytes):
        return to_checksum_address(value) if name in ADDRESS_COLUMNS else "0x" + value.hex()
    return int(value) if type(value).__name__ == "Decimal" else value


def event_of(row: Row) -> Event:
    return Event(row["name"], row["args"], row["block_number"], row["log_index"], row["tx_hash"])
