"""Where the money is: deposits = payouts + refunds + fees + owed + held. Amounts in base units.

A push that failed counts as owed until its owner withdraws it, then as the payout or refund that it was.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields

from audit.abi import Event


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


def owed_split(events: Iterable[Event], buyers: dict[str, str]) -> OwedSplit:
    """`buyers` maps task id to buyer. A withdrawal sends an owner everything that waits for him."""
    waiting: dict[tuple[str, bool], int] = defaultdict(int)
    for event in events:
        if event.name == "PaymentOwed":
            owner = event.args["owner"]
            waiting[owner, owner == buyers.get(event.args["taskId"])] += int(event.args["amount"])
        elif event.name == "Withdrawn":
            waiting[event.args["owner"], True] = waiting[event.args["owner"], False] = 0
    payouts = sum(amount for (_, refund), amount in waiting.items() if not refund)
    return OwedSplit(payouts, sum(waiting.values()) - payouts)
