"""Every difference between the two sides, each named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.chain import ChainSide
from audit.database import MirrorSide
from audit.fold import Row
from audit.ledger import Ledger


@dataclass(frozen=True)
class Difference:
    """`where` names table and row, `what` the column."""

    where: str
    what: str
    chain: Any
    database: Any

    def __str__(self) -> str:
        return f"{self.where} {self.what}: chain {self.chain}, database {self.database}"


def differences(chain: ChainSide, mirror: MirrorSide) -> list[Difference]:
    return [
        *unbalanced("chain", chain.ledger),
        *unbalanced("database", mirror.ledger),
        *in_ledger(chain.ledger, mirror.ledger),
        *in_token(chain),
        *in_rows("escrows", chain.escrows, mirror.escrows),
        *in_owed(chain.owed, mirror.owed),
        *in_rows("agents", chain.agents, mirror.agents),
        *in_rows("feedback", chain.feedback, mirror.feedback),
        *in_rows("events", named(chain.events), named(mirror.events)),
    ]


def unbalanced(side: str, ledger: Ledger) -> Iterator[Difference]:
    """deposits = payouts + refunds + fees + owed + held, on each side by itself."""
    if ledger.unexplained:
        yield Difference(f"{side} ledger", "unexplained", ledger.unexplained, 0)


def in_ledger(chain: Ledger, database: Ledger) -> Iterator[Difference]:
    for (name, ours), (_, theirs) in zip(chain.entries(), database.entries(), strict=True):
        if ours != theirs:
            yield Difference("ledger", name, ours, theirs)


def in_token(chain: ChainSide) -> Iterator[Difference]:
    """The token's own books: what went out is what was paid, and what is left covers what is due.

    More than that came in by donation, which is nobody's and no fault.
    """
    books = chain.ledger
    paid_out = books.payouts + books.refunds + chain.fees_collected
    if chain.money_out != paid_out:
        yield Difference("token", "paid out by the escrow", chain.money_out, paid_out)
    if chain.balance != chain.money_in - chain.money_out:
        yield Difference("token", "balance of the escrow", chain.balance, chain.money_in - chain.money_out)
    due = books.held + books.owed + chain.fees_waiting
    if chain.balance < due:
        yield Difference("token", "balance below what is due", chain.balance, due)
    if chain.fees_waiting + chain.fees_collected != books.fees:
        yield Difference("token", "fees", chain.fees_waiting + chain.fees_collected, books.fees)


def in_rows(table: str, chain: Mapping[Any, Row], database: Mapping[Any, Row]) -> Iterator[Difference]:
    """Columns that the chain's side names; the mirror may have more of its own."""
    for key in sorted(chain.keys() | database.keys(), key=str):
        where = f"{table} {key}"
        if key not in database:
            yield Difference(where, "row", "there", "missing")
        elif key not in chain:
            yield Difference(where, "row", "missing", "there")
        else:
            for column, value in chain[key].items():
                if database[key].get(column) != value:
                    yield Difference(where, column, value, database[key].get(column))


def in_owed(chain: Mapping[str, int], database: Mapping[str, int]) -> Iterator[Difference]:
    for owner in sorted(chain.keys() | database.keys()):
        if chain.get(owner, 0) != database.get(owner, 0):
            yield Difference(f"owed {owner}", "amount", chain.get(owner, 0), database.get(owner, 0))


def named(events: Mapping[tuple[int, int], tuple[str, str]]) -> dict[Any, Row]:
    return {key: {"name": name, "tx_hash": tx_hash} for key, (name, tx_hash) in events.items()}
