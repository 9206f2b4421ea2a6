"""What each event means for an address: nothing is counted twice, and both parties' lines add up to the pot."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.payments.rules import Movement, PaymentKind, movements
from tests.unit.tasks.facts import AGENT, BUYER, STRANGER

EVENTS: list[tuple[str, dict[str, Any], str, list[Movement]]] = [
    ("TaskFunded", {"terms": {"budget": "100"}}, BUYER, [Movement(PaymentKind.DEPOSIT, 100)]),
    ("TaskFunded", {"terms": {"budget": "100"}}, AGENT, []),
    ("TaskAwarded", {"price": "60", "surplus": "40"}, BUYER, [Movement(PaymentKind.SURPLUS, 40)]),
    ("TaskAwarded", {"price": "100", "surplus": "0"}, BUYER, []),
    ("TaskReleased", {"amount": "50", "fee": "1"}, AGENT, [Movement(PaymentKind.PAYOUT, 49, 1)]),
    ("TaskReleased", {"amount": "50", "fee": "1"}, BUYER, []),
    ("TaskRefunded", {"amount": "50", "reason": 4}, BUYER, [Movement(PaymentKind.REFUND, 50)]),
    ("TaskSettled", {"toAgent": "30", "fee": "1", "toBuyer": "20"}, AGENT, [Movement(PaymentKind.PAYOUT, 29, 1)]),
    ("TaskRuled", {"toAgent": "30", "fee": "1", "toBuyer": "20"}, BUYER, [Movement(PaymentKind.REFUND, 20)]),
    ("TaskRuled", {"toAgent": "0", "fee": "0", "toBuyer": "50"}, AGENT, []),
    ("ChildReturned", {"amount": "50", "toBuyer": True}, BUYER, [Movement(PaymentKind.REFUND, 50)]),
    ("ChildReturned", {"amount": "50", "toBuyer": True}, AGENT, []),
    ("ChildReturned", {"amount": "50", "toBuyer": False}, BUYER, []),
    ("ChildFunded", {"amount": "50"}, BUYER, []),
    ("PaymentOwed", {"owner": AGENT, "amount": "29"}, AGENT, [Movement(PaymentKind.OWED, 29)]),
    ("PaymentOwed", {"owner": AGENT, "amount": "29"}, BUYER, []),
    ("Withdrawn", {"owner": AGENT, "amount": 29}, AGENT, [Movement(PaymentKind.WITHDRAWN, 29)]),
    ("TaskSubmitted", {"agentId": "7"}, AGENT, []),
]


@pytest.mark.parametrize(("name", "args", "address", "moved"), EVENTS)
def test_moves(name: str, args: dict[str, Any], address: str, moved: list[Movement]) -> None:
    assert movements(name, args, address, buyer=BUYER, payee=AGENT) == moved


@pytest.mark.parametrize("name", ["TaskFunded", "TaskAwarded", "TaskRefunded", "TaskSettled", "TaskRuled"])
def test_a_childs_money_never_moves_for_its_buyer(name: str) -> None:
    amounts = {"amount": "50", "surplus": "50", "toBuyer": "50", "toAgent": "0", "fee": "0"}
    args = {**amounts, "terms": {"budget": "50"}}
    assert movements(name, args, BUYER, buyer=None, payee=AGENT) == []


@given(pot=st.integers(0, 2**96 - 1), data=st.data())
def test_a_split_reaches_both_parties_and_nobody_else(pot: int, data: st.DataObject) -> None:
    gross = data.draw(st.integers(0, pot))
    fee = data.draw(st.integers(0, gross))
    args = {"toAgent": str(gross), "fee": str(fee), "toBuyer": str(pot - gross)}
    found = [
        movement
        for address in (BUYER, AGENT, STRANGER)
        for movement in movements("TaskRuled", args, address, buyer=BUYER, payee=AGENT)
    ]
    assert sum(movement.amount for movement in found) == pot - fee
