"""Books: what fails to be pushed is owed, then what it was; a task's row follows from its events."""

import pytest

from audit.abi import Event
from audit.fold import DISPUTED, REFUNDED, RELEASED, RULED, ZERO_ADDRESS, ZERO_HASH, folded
from audit.ledger import Ledger, ledger_of, owed_split

BUYER, AGENT = "0xB", "0xA"
TERMS = {
    "buyer": BUYER,
    "agent": ZERO_ADDRESS,
    "awarder": ZERO_ADDRESS,
    "arbiter": "0xC",
    "parent": ZERO_HASH,
    "content": "0x1",
    "salt": "0x2",
    "budget": 100,
    "childCap": 0,
    "awardBy": 1,
    "deliverBy": 2,
    "reviewSeconds": 3,
    "vetoSeconds": 0,
    "arbiterSeconds": 4,
    "defaultShareBps": 5000,
}
AWARD = {
    "agentId": 1,
    "agent": AGENT,
    "payee": AGENT,
    "price": 80,
    "surplus": 20,
    "bidDigest": "0x",
    "transcript": "0x",
}


def event(name: str, log_index: int, **args: object) -> Event:
    return Event(name, {"taskId": "t", **args}, 7, log_index, "0xtx")


FUNDED = event("TaskFunded", 0, terms=TERMS)
AWARDED = event("TaskAwarded", 1, **AWARD)


def test_what_is_owed_counts_as_payout_or_refund_once_withdrawn() -> None:
    owed = [
        event("PaymentOwed", 0, owner=AGENT, amount=30),
        event("PaymentOwed", 1, owner=BUYER, amount=20),
        event("PaymentOwed", 2, owner=AGENT, amount=5),
    ]
    assert owed_split(owed, {"t": BUYER}).payouts == 35
    assert owed_split(owed, {"t": BUYER}).refunds == 20
    after = owed_split([*owed, event("Withdrawn", 3, owner=AGENT, amount=35)], {"t": BUYER})
    assert (after.payouts, after.refunds, after.total) == (0, 20, 20)


def test_unexplained_is_what_the_books_miss() -> None:
    assert Ledger(deposits=10, payouts=3, refunds=2, fees=1, owed=1, held=3).unexplained == 0
    assert Ledger(deposits=10, payouts=3, refunds=2, fees=1, owed=1, held=2).unexplained == 1


def test_surplus_comes_back_at_award() -> None:
    row = folded([FUNDED, AWARDED])
    assert (row["refunded"], row["remaining"], row["price"]) == (20, 80, 80)


def test_a_task_stays_open_until_all_is_released() -> None:
    half = event("TaskReleased", 2, amount=30, fee=1, remaining=50, claimed=False)
    rest = event("TaskReleased", 3, amount=50, fee=1, remaining=0, claimed=False)
    assert folded([FUNDED, AWARDED, half])["state"] == 2
    whole = folded([FUNDED, AWARDED, half, rest])
    assert (whole["state"], whole["paid"], whole["fees"], whole["remaining"]) == (RELEASED, 80, 2, 0)


def test_a_ruling_splits_what_remains() -> None:
    disputed = event("TaskDisputed", 2, by=BUYER, evidence="0xe")
    ruled = event("TaskRuled", 3, shareBps=2500, toAgent=20, fee=1, toBuyer=60, byDefault=True, reasons="0xr")
    assert folded([FUNDED, AWARDED, disputed])["state"] == DISPUTED
    row = folded([FUNDED, AWARDED, disputed, ruled])
    assert (row["state"], row["paid"], row["refunded"], row["remaining"]) == (RULED, 20, 80, 0)
    assert row["by_default"]


def test_a_refund_says_why() -> None:
    row = folded([FUNDED, event("TaskRefunded", 1, amount=100, reason=4)])
    assert (row["state"], row["refund_reason"], row["refunded"]) == (REFUNDED, 4, 100)


def test_a_child_takes_from_its_parent_and_gives_back_to_it_or_past_it() -> None:
    took = event("ChildFunded", 2, amount=50)
    back = event("ChildReturned", 3, amount=10, toBuyer=False)
    past = event("ChildReturned", 5, amount=15, toBuyer=True)
    row = folded([FUNDED, AWARDED, took, back])
    assert (row["remaining"], row["delegated"], row["refunded"]) == (40, 40, 20)
    over = folded([FUNDED, AWARDED, took, back, event("TaskRefunded", 4, amount=40, reason=2), past])
    assert (over["remaining"], over["delegated"], over["refunded"]) == (0, 25, 75)


def test_a_child_neither_deposits_nor_refunds() -> None:
    """Of 100: 20 surplus, 50 into the child, which pays 34 and a fee of 1 and gives 15 back past its parent."""
    took, left = event("ChildFunded", 2, amount=50), event("TaskRefunded", 3, amount=30, reason=2)
    parent = folded([FUNDED, AWARDED, took, left, event("ChildReturned", 4, amount=15, toBuyer=True)])
    terms = TERMS | {"buyer": AGENT, "agent": "0xD", "parent": "t", "budget": 50}
    child = folded([event("TaskFunded", 0, terms=terms), event("TaskSettled", 1, toAgent=35, fee=1, toBuyer=15)])
    owed = Event("PaymentOwed", {"taskId": "c", "owner": BUYER, "amount": 15}, 7, 5, "0xtx")
    books = ledger_of([owed], {"t": parent, "c": child}, 15, 0)
    assert books == Ledger(deposits=100, payouts=34, refunds=50, fees=1, owed=15, held=0)
    assert books.unexplained == 0


def test_refuses_a_task_without_its_funding() -> None:
    with pytest.raises(ValueError, match="begins with TaskAwarded"):
        folded([AWARDED])
