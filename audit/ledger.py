"""Where the money is: deposits = payouts + refunds + fees + owed + held. Amounts in base units.

A push that failed counts as owed until its owner withdraws it, then as the payout or refund that it was. A child is
paid from its parent and gives back to it, so that it neither deposits nor refunds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from audit.abi import Event
from audit.fold import ZERO_HASH, Row


@dataclass(frozen=True)
class Ledger:
    """`payouts` is net of `fees`; `refunds` includes the surplus of awards; `held` is what open tasks hold."""

    deposits: int
    payouts: int
    refunds: int
    fees: int
    owed: int
    held: int

    @property
    def unexplained(self) -> int:
        """Zero where the books balance."""
        return self.deposits - self.payouts - self.refunds - self.fees - self.owed - self.held

    def entries(self) -> list[tuple[str, int]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


@dataclass(frozen=True)
class OwedSplit:
    """What still waits for `withdraw`, by what it was."""

    payouts: int
    refunds: int

    @property
    def total(self) -> int:
        return self.payouts + self.refunds


def ledger_of(events: Iterable[Event], tasks: Mapping[str, Row], owed: int, held: int) -> Ledger:
    """The books of rows as either side tells them; `owed` and `held` are that side's own sums."""
    split = owed_split(events, payers(tasks))
    adults = [row for row in tasks.values() if row["parent"] == ZERO_HASH]
    return Ledger(
        deposits=sum(row["budget"] for row in adults),
        payouts=sum(row["paid"] - row["fees"] for row in tasks.values()) - split.payouts,
        refunds=sum(row["refunded"] for row in adults) - split.refunds,
        fees=sum(row["fees"] for row in tasks.values()),
        owed=owed,
        held=held,
    )


def payers(tasks: Mapping[str, Row]) -> dict[str, str]:
    """Whose money each task spends: its buyer's, or its parent's buyer's."""
    return {task: tasks.get(row["parent"], row)["buyer"] for task, row in tasks.items()}


def owed_split(events: Iterable[Event], buyers: dict[str, str]) -> OwedSplit:
    """`buyers` maps task id to whoever refunds go to. A withdrawal sends an owner everything that waits for him."""
    waiting: dict[tuple[str, bool], int] = defaultdict(int)
    for event in events:
        if event.name == "PaymentOwed":
            owner = event.args["owner"]
            waiting[owner, owner == buyers.get(event.args["taskId"])] += int(event.args["amount"])
        elif event.name == "Withdrawn":
            waiting[event.args["owner"], True] = waiting[event.args["owner"], False] = 0
    payouts = sum(amount for (_, refund), amount in waiting.items() if not refund)
    return OwedSplit(payouts, sum(waiting.values()) - payouts)
