"""A channel is the fold of its events, and no unit of its deposit is lost in it."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chain.events import ChainEvent
from app.channels.mirror_rules import SETTLED, ChannelState, FoldedChannel, fold_channel
from app.escrow.rules import EventBeforeFunding

CHANNEL = {
    "payer": "0x1111111111111111111111111111111111111111",
    "payee": "0x2222222222222222222222222222222222222222",
    "sequencer": "0x" + "00" * 20,
    "signer": "0x" + "00" * 20,
    "challengeSeconds": 3_600,
    "salt": "0x" + "ab" * 32,
}
ID = "0x" + "01" * 32
Step = tuple[str, dict[str, Any]]
OPENED: Step = ("ChannelOpened", {"channel": CHANNEL, "deposit": "1000"})
CLOSING: Step = ("ChannelClosing", {"closesAt": 99})
SKIPPED: Step = ("VoucherSkipped", {"payee": CHANNEL["payee"], "cumulative": "9", "reason": 1})


def redeemed(amount: int) -> Step:
    return "VoucherRedeemed", {"payee": CHANNEL["payee"], "amount": str(amount), "paid": "0"}


def closed(to_payee: int, to_payer: int) -> Step:
    return "ChannelClosed", {"toPayee": str(to_payee), "toPayer": str(to_payer), "together": True}


def events(*steps: Step) -> list[ChainEvent]:
    return [
        ChainEvent(block, 0, f"0x{block:064x}", 1_000 + block, name, {"channelId": ID, **args})
        for block, (name, args) in zip(count(1), steps, strict=False)
    ]


def folded(*steps: Step) -> FoldedChannel:
    row = fold_channel(events(*steps))
    assert row is not None
    return row


def test_opening_holds_the_deposit() -> None:
    row = folded(OPENED)
    assert (row.channel_id, row.payer, row.challenge_seconds) == (ID, CHANNEL["payer"], 3_600)
    assert (row.state, row.deposited, row.left, row.closes_at) == (ChannelState.OPEN, 1_000, 1_000, 0)
    assert (row.opened_block, row.last_block) == (1, 1)


def test_a_life_ends_with_nothing_left() -> None:
    topped: Step = ("ChannelToppedUp", {"amount": "500", "deposit": "1500"})
    moved: Step = ("ChannelFundedTask", {"taskId": ID, "amount": "200", "deposit": "1300"})
    row = folded(OPENED, redeemed(100), topped, moved, CLOSING, redeemed(50), closed(150, 1_000))
    assert (row.state, row.paid, row.returned, row.tasks, row.left) == (ChannelState.CLOSED, 300, 1_000, 200, 0)
    assert folded(OPENED, CLOSING).closes_at == 99


def test_a_payment_that_became_owed_is_booked_once() -> None:
    owed: Step = ("PaymentOwed", {"owner": CHANNEL["payee"], "amount": "100"})
    row = folded(OPENED, redeemed(100), owed)
    assert (row.paid, row.last_block) == (100, 3)


def test_a_bad_voucher_touches_nothing_wherever_it_comes() -> None:
    assert folded(OPENED, SKIPPED) == folded(OPENED)
    assert folded(SKIPPED, OPENED).opened_block == 2
    assert fold_channel(events(SKIPPED)) is None


def test_goes_on_from_a_stored_row() -> None:
    steps = (OPENED, redeemed(100), CLOSING)
    begun = fold_channel(events(*steps)[:1])
    assert fold_channel(events(*steps)[1:], begun) == folded(*steps)


def test_what_opening_settles_no_later_event_reads_or_changes() -> None:
    steps = (OPENED, redeemed(100), SKIPPED, CLOSING)
    begun, whole = fold_channel(events(*steps)[:1]), folded(*steps)
    assert begun is not None
    for name in SETTLED:
        assert getattr(begun, name) == getattr(whole, name)
        setattr(begun, name, None)
        setattr(whole, name, None)
    assert fold_channel(events(*steps)[1:], begun) == whole


def test_refuses_events_without_their_beginning_and_strange_ones() -> None:
    with pytest.raises(EventBeforeFunding, match="VoucherRedeemed at block 1"):
        folded(redeemed(1))
    with pytest.raises(ValueError, match="no event of a channel"):
        folded(OPENED, ("TaskFunded", {}))


@given(amounts=st.lists(st.integers(0, 300), max_size=3), split=st.integers(0, 1_000))
def test_every_unit_is_paid_returned_or_left(amounts: Sequence[int], split: int) -> None:
    paid = sum(amounts)
    to_payee = min(split, 1_000 - paid)
    row = folded(OPENED, *(redeemed(amount) for amount in amounts))
    assert row.left == 1_000 - paid
    ended = folded(OPENED, *(redeemed(amount) for amount in amounts), closed(to_payee, 1_000 - paid - to_payee))
    assert (ended.left, ended.paid + ended.returned) == (0, 1_000)
