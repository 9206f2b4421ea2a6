"""Amounts: what is one, what is not, and how they are split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import AmountMalformed, AmountOutOfRange
from app.money import MAX_AMOUNT, WHOLE_BPS, fee_up, parse_amount, share_down

amounts = st.integers(0, MAX_AMOUNT)
shares = st.integers(0, WHOLE_BPS)


@given(amounts)
def test_reads_every_amount_from_int_and_from_its_digits(amount: int) -> None:
    assert parse_amount(amount) == parse_amount(str(amount)) == amount


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        True,
        False,
        None,
        "",
        "1e3",
        " 7",
        "7 ",
        "1_000",
        "+1",
        "-1",
        "0x10",
        "07",
        "1.0",
        "\uff17",
        "1\n",
        b"1",
        [1],
        "9" * 4000,
    ],
)
def test_refuses_what_is_no_amount(value: object) -> None:
    with pytest.raises(AmountMalformed):
        parse_amount(value)


@pytest.mark.parametrize("value", [-1, MAX_AMOUNT + 1, str(MAX_AMOUNT + 1), 2**255])
def test_refuses_what_does_not_fit_the_contract(value: object) -> None:
    with pytest.raises(AmountOutOfRange) as refused:
        parse_amount(value)
    assert refused.value.facts["max"] == str(MAX_AMOUNT)


@given(amounts, shares)
def test_fee_is_rounded_up_and_never_above_the_amount(gross: int, fee_bps: int) -> None:
    fee = fee_up(gross, fee_bps)
    assert 0 <= fee <= gross
    assert 0 <= fee * WHOLE_BPS - gross * fee_bps < WHOLE_BPS


@given(amounts, shares)
def test_a_share_and_its_rest_are_the_pot(pot: int, share_bps: int) -> None:
    share = share_down(pot, share_bps)
    assert 0 <= share <= pot
    assert 0 <= pot * share_bps - share * WHOLE_BPS < WHOLE_BPS
