"""Who pays for the gas of an intent. Amounts are wei; what is charged before it is mined is the most that it may cost.

Three purses, asked in this order, and a limit over all of them:

- the *pot* of a task: what its fee is worth, so that a task never costs more gas than it will bring;
- the *credit* of an account: what it was given (an invite, a deposit, a grant) less what was charged to it;
- the *platform*, for what it does itself (awards, the anchors of the trail);
- the *day*: the sum of all charges of a calendar day (UTC). Over it, the queue is held until the next.

A pot is refilled by nobody: when its task ends without a fee, what it paid for is charged to the account that funded
the task. An account whose credit is below zero gets nothing more, from no purse.
"""

from dataclasses import dataclass
from enum import StrEnum

WEI = 10**18


class Payer(StrEnum):
    """Whom a charge is booked on."""

    TASK = "task"
    ACCOUNT = "account"
    PLATFORM = "platform"


class Denial(StrEnum):
    """Why gas is not paid. `day_spent` and `in_flight` pass; the others do not by waiting."""

    CREDIT_SPENT = "gas_credit_spent"
    DAY_SPENT = "gas_day_spent"
    IN_FLIGHT = "gas_in_flight"


PASSING = frozenset({Denial.DAY_SPENT, Denial.IN_FLIGHT})


@dataclass(frozen=True)
class GasTerms:
    """What the operator sponsors. `token_price` is what one whole gas token costs, in base units of the dollar."""

    day_wei: int = 10**30
    start_wei: int = 10**30
    contract_start_wei: int = 10**30
    token_price: int = 250_000

    def worth(self, fee_units: int) -> int:
        """What a fee buys, in wei."""
        return fee_units * WEI // self.token_price


@dataclass(frozen=True)
class Purse:
    """What an intent could be paid from. `in_flight` is charged to its account and not mined yet, whoever pays."""

    pot: int | None
    credit: int
    start: int
    in_flight: int
    day: int
    is_contract: bool
    is_platform: bool


def paid_by(wei: int, purse: Purse) -> Payer | Denial:
    """Who pays up to `wei`, or why nobody does."""
    if wei > purse.day:
        return Denial.DAY_SPENT
    if purse.is_platform:
        return Payer.PLATFORM
    if purse.credit < 0:
        return Denial.CREDIT_SPENT
    if purse.is_contract and purse.in_flight + wei > purse.start:
        # A contract can say yes to the simulation and no to the block: so little of it may be on its way at once.
        return Denial.IN_FLIGHT if purse.in_flight else Denial.CREDIT_SPENT
    if purse.pot is not None and wei <= purse.pot:
        return Payer.TASK
    return Payer.ACCOUNT if wei <= purse.credit else Denial.CREDIT_SPENT
