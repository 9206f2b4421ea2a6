"""What an escrow event means for one address's money. Amounts are base units."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class PaymentKind(StrEnum):
    """`deposit` left the address and `owed` is held for it; everything else reached it."""

    DEPOSIT = "deposit"
    SURPLUS = "surplus"
    PAYOUT = "payout"
    REFUND = "refund"
    OWED = "owed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Movement:
    """One movement; `amount` is what moved, for a payout net of `fee`.

    A push that failed is followed by its `owed` of the same amount: only the later `withdrawn` reached the address.
    """

    kind: PaymentKind
    amount: int
    fee: int = 0


def movements(
    name: str, args: Mapping[str, object], address: str, *, buyer: str | None, payee: str | None
) -> list[Movement]:
    """What this event moved for `address`; `buyer` and `payee` are its task's. Zero amounts are no movements.

    `buyer` is whoever paid in from outside: None for a child, whose money comes from its parent and goes back to it.
    """
    found = list(every_movement(name, args, is_buyer=address == buyer, is_payee=address == payee, address=address))
    return [movement for movement in found if movement.amount > 0]


def every_movement(
    name: str, args: Mapping[str, object], *, is_buyer: bool, is_payee: bool, address: str
) -> list[Movement]:
    """As movements, zero amounts included."""
    match name:
        case "TaskFunded" if is_buyer:
            return [Movement(PaymentKind.DEPOSIT, budget_of(args))]
        case "TaskAwarded" if is_buyer:
            return [Movement(PaymentKind.SURPLUS, amount_of(args, "surplus"))]
        case "TaskReleased" if is_payee:
            return [payout(args, "amount")]
        case "TaskRefunded" if is_buyer:
            return [Movement(PaymentKind.REFUND, amount_of(args, "amount"))]
        case "ChildReturned" if is_buyer and args["toBuyer"]:
            return [Movement(PaymentKind.REFUND, amount_of(args, "amount"))]
        case "TaskSettled" | "TaskRuled":
            paid = [payout(args, "toAgent")] if is_payee else []
            back = [Movement(PaymentKind.REFUND, amount_of(args, "toBuyer"))] if is_buyer else []
            return paid + back
        case "PaymentOwed" if args.get("owner") == address:
            return [Movement(PaymentKind.OWED, amount_of(args, "amount"))]
        case "Withdrawn" if args.get("owner") == address:
            return [Movement(PaymentKind.WITHDRAWN, amount_of(args, "amount"))]
        case _:
            return []


def payout(args: Mapping[str, object], gross: str) -> Movement:
    """What reaches the agent, the fee taken."""
    fee = amount_of(args, "fee")
    return Movement(PaymentKind.PAYOUT, amount_of(args, gross) - fee, fee)


def amount_of(args: Mapping[str, object], name: str) -> int:
    """An event's amount, which is a string or an integer."""
    return int(str(args[name]))


def budget_of(args: Mapping[str, object]) -> int:
    """The budget inside a TaskFunded's terms."""
    terms = args["terms"]
    if not isinstance(terms, Mapping):
        raise TypeError("TaskFunded carries its terms")
    return int(str(terms["budget"]))
