"""Who pays for gas, and who does not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relayer.gas.rules import Denial, GasTerms, Payer, Purse, paid_by

FULL = Purse(pot=100, credit=100, start=100, in_flight=0, day=1_000, is_contract=False, is_platform=False)


@pytest.mark.parametrize(
    ("change", "payer"),
    [
        ({}, Payer.TASK),
        ({"pot": None}, Payer.ACCOUNT),
        ({"pot": 49}, Payer.ACCOUNT),
        ({"pot": 50, "credit": 0}, Payer.TASK),
        ({"pot": None, "credit": 49}, Denial.CREDIT_SPENT),
        ({"pot": None, "credit": 0}, Denial.CREDIT_SPENT),
        ({"credit": -1}, Denial.CREDIT_SPENT),
        ({"day": 49}, Denial.DAY_SPENT),
        ({"day": 49, "credit": -1}, Denial.DAY_SPENT),
        ({"is_platform": True, "credit": -1, "pot": None}, Payer.PLATFORM),
        ({"is_platform": True, "day": 49}, Denial.DAY_SPENT),
        ({"is_contract": True, "in_flight": 50}, Payer.TASK),
        ({"is_contract": True, "in_flight": 51}, Denial.IN_FLIGHT),
        ({"is_contract": True, "start": 49}, Denial.CREDIT_SPENT),
        ({"in_flight": 10_000}, Payer.TASK),
    ],
)
def test_fifty_wei_are_paid_by(change: dict[str, object], payer: Payer | Denial) -> None:
    assert paid_by(50, replace(FULL, **change)) is payer  # type: ignore[arg-type]  # one field at a time


def test_a_fee_is_worth_what_its_dollars_buy() -> None:
    """20 cents at 25 cents a token."""
    assert GasTerms(token_price=250_000).worth(200_000) == 8 * 10**17
    assert GasTerms().worth(0) == 0


@given(
    wei=st.integers(0, 10**20),
    pot=st.none() | st.integers(-(10**20), 10**20),
    credit=st.integers(-(10**20), 10**20),
    in_flight=st.integers(0, 10**20),
    day=st.integers(-(10**20), 10**20),
    is_contract=st.booleans(),
    is_platform=st.booleans(),
)
def test_nobody_pays_what_he_has_not(
    wei: int, pot: int | None, credit: int, in_flight: int, day: int, *, is_contract: bool, is_platform: bool
) -> None:
    payer = paid_by(wei, Purse(pot, credit, 10**20, in_flight, day, is_contract, is_platform))
    if payer is Payer.TASK:
        assert pot is not None
        assert wei <= pot
    if payer is Payer.ACCOUNT:
        assert wei <= credit
    if isinstance(payer, Payer):
        assert wei <= day
