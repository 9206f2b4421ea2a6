"""What the sequencer vouches for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.channels import rules
from app.channels.rules import Cover
from app.errors import ChannelShort, ChannelUnfit, CreditSpent, VoucherNotNext

AMOUNTS = st.integers(0, 2**96 - 1)


@given(holds=AMOUNTS, signed=AMOUNTS, reserved=AMOUNTS, amount=AMOUNTS)
def test_no_more_is_promised_than_there_is(holds: int, signed: int, reserved: int, amount: int) -> None:
    cover = Cover(holds, signed, reserved)
    if signed + reserved + amount <= holds:
        rules.require_room(cover, amount)
        return
    with pytest.raises(ChannelShort):
        rules.require_room(cover, amount)


@given(start=AMOUNTS, most=AMOUNTS, paid=AMOUNTS, more=AMOUNTS)
def test_credit_grows_with_what_was_paid_up_to_the_most(start: int, most: int, paid: int, more: int) -> None:
    credit = rules.credit_of(start, most, paid)
    assert credit <= most
    assert credit <= rules.credit_of(start, most, paid + more) <= most
    assert rules.credit_of(start, most, 0) == min(start, most)


def test_credit_is_for_all_that_is_owed_at_one_time() -> None:
    rules.require_credit(1_000, 600, 400)
    with pytest.raises(CreditSpent, match="owe 600 already"):
        rules.require_credit(1_000, 600, 401)


@given(before=AMOUNTS, price=st.integers(1, 2**96), said=AMOUNTS)
def test_a_voucher_pays_exactly_the_price_more(before: int, price: int, said: int) -> None:
    if said == before + price:
        rules.require_next(before, price, said)
        return
    with pytest.raises(VoucherNotNext, match=str(before + price)):
        rules.require_next(before, price, said)


@pytest.mark.parametrize(
    ("sequencer", "is_open", "is_final", "reason"),
    [("B", True, True, "its sequencer is not A"), ("A", False, True, "closing"), ("A", True, False, "not final")],
)
def test_a_channel_that_calls_are_not_paid_from(sequencer: str, is_open: bool, is_final: bool, reason: str) -> None:
    with pytest.raises(ChannelUnfit, match=reason):
        rules.require_fit(sequencer=sequencer, required="A", is_open=is_open, is_final=is_final)


@pytest.mark.parametrize(("closes_at", "payable"), [(1_600, True), (1_599, False), (900, False)])
def test_vouchers_end_before_their_channel_does(closes_at: int, payable: bool) -> None:
    assert rules.is_payable(is_closing=True, closes_at=closes_at, chain_time=1_000) is payable
    assert rules.is_payable(is_closing=False, closes_at=0, chain_time=1_000)
