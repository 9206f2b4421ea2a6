"""An escrow is the fold of its events, and no unit of money is lost in it."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chain.events import ZERO_ADDRESS, ChainEvent
from app.escrow.rules import (
    ADDED,
    SETTLED,
    EventBeforeFunding,
    FoldedEscrow,
    Refund,
    State,
    fold_escrow,
    fold_owed,
    is_over,
)

TASK = "0x" + "01" * 32
ESCROW = "0x3333333333333333333333333333333333333333"
BUYER = "0x1111111111111111111111111111111111111111"
AGENT = "0x2222222222222222222222222222222222222222"
PAYEE = "0x4444444444444444444444444444444444444444"
HASH = "0x" + "ab" * 32
BUDGET = 1_000

Step = tuple[str, dict[str, Any]]


def funded(agent: str = ZERO_ADDRESS, budget: int = BUDGET) -> Step:
    terms = {
        "buyer": BUYER,
        "agent": agent,
        "awarder": ZERO_ADDRESS,
        "arbiter": "0x5555555555555555555555555555555555555555",
        "parent": "0x" + "00" * 32,
        "content": HASH,
        "salt": HASH,
        "budget": str(budget),
        "childCap": "0",
        "awardBy": 10,
        "deliverBy": 20,
        "reviewSeconds": 30,
        "vetoSeconds": 40,
        "arbiterSeconds": 50,
        "defaultShareBps": 6_000,
    }
    return "TaskFunded", {"terms": terms}


def awarded(price: int, surplus: int) -> Step:
    args = {"agentId": "7", "agent": AGENT, "payee": PAYEE, "price": str(price), "surplus": str(surplus)}
    return "TaskAwarded", {**args, "bidDigest": HASH, "transcript": HASH}


def released(amount: int, fee: int, remaining: int, *, claimed: bool = False) -> Step:
    amounts = {"amount": str(amount), "fee": str(fee), "remaining": str(remaining)}
    return "TaskReleased", {"payee": PAYEE, **amounts, "claimed": claimed}


SUBMITTED: Step = ("TaskSubmitted", {"agentId": "7", "deliverable": HASH})
DISPUTED: Step = ("TaskDisputed", {"by": AGENT, "evidence": HASH})


def refunded(amount: int, reason: Refund) -> Step:
    return "TaskRefunded", {"buyer": BUYER, "amount": str(amount), "reason": int(reason)}


def settled(to_agent: int, fee: int, to_buyer: int) -> Step:
    return "TaskSettled", {"toAgent": str(to_agent), "fee": str(fee), "toBuyer": str(to_buyer)}


def ruled(to_agent: int, fee: int, to_buyer: int, *, by_default: bool = False) -> Step:
    split = settled(to_agent, fee, to_buyer)[1]
    return "TaskRuled", {**split, "shareBps": 2_500, "byDefault": by_default, "reasons": HASH}


def delegated(amount: int) -> Step:
    return "ChildFunded", {"parentId": TASK, "childId": HASH, "amount": str(amount)}


def returned(amount: int, *, to_buyer: bool = False) -> Step:
    return "ChildReturned", {"parentId": TASK, "childId": HASH, "amount": str(amount), "toBuyer": to_buyer}


REVOKED: Step = ("BidRevoked", {"bidDigest": HASH, "agent": AGENT})


def events(*steps: Step, seconds: int = 10) -> list[ChainEvent]:
    """The steps in blocks 1, 2, 3 and so on, `seconds` apart."""
    return [
        ChainEvent(block, 0, f"0x{block:064x}", 1_000 + seconds * block, name, {"taskId": TASK, **args})
        for block, (name, args) in zip(count(1), steps, strict=False)
    ]


def folded(*steps: Step, seconds: int = 10) -> FoldedEscrow:
    row = fold_escrow(events(*steps, seconds=seconds), chain_id=31337, escrow=ESCROW)
    assert row is not None
    return row


def test_without_events_there_is_no_row() -> None:
    assert fold_escrow([], chain_id=31337, escrow=ESCROW) is None


def test_refuses_events_without_their_beginning() -> None:
    with pytest.raises(EventBeforeFunding, match="TaskSubmitted at block 1"):
        folded(SUBMITTED)


@pytest.mark.parametrize("first", range(1, 9))
def test_goes_on_from_a_row_as_from_the_beginning(first: int) -> None:
    dispute = (DISPUTED, REVOKED, ruled(100, 1, 200))
    happened = events(REVOKED, funded(), awarded(800, 200), SUBMITTED, released(300, 3, 500), delegated(200), *dispute)
    begun = fold_escrow(happened[:first], chain_id=31337, escrow=ESCROW)
    went_on = fold_escrow(happened[first:], chain_id=31337, escrow=ESCROW, begun=begun)
    assert went_on == fold_escrow(happened, chain_id=31337, escrow=ESCROW)


@pytest.mark.parametrize(
    "then",
    [
        (refunded(800, Refund.RECLAIMED),),
        (SUBMITTED, released(300, 3, 500), released(500, 5, 0, claimed=True)),
        (SUBMITTED, DISPUTED, settled(300, 3, 500)),
        (SUBMITTED, DISPUTED, ruled(300, 3, 500)),
        (delegated(9), returned(9), delegated(5), released(795, 7, 0), returned(5, to_buyer=True), REVOKED),
    ],
)
def test_what_funding_settles_no_later_event_reads_or_changes(then: Sequence[Step]) -> None:
    happened = events(funded(), awarded(800, 200), *then)
    begun = fold_escrow(happened[:1], chain_id=31337, escrow=ESCROW)
    whole = fold_escrow(happened, chain_id=31337, escrow=ESCROW)
    assert begun is not None
    assert whole is not None
    for name in SETTLED:
        assert getattr(begun, name) == getattr(whole, name)
        setattr(begun, name, None)
        setattr(whole, name, None)
    assert fold_escrow(happened[1:], chain_id=31337, escrow=ESCROW, begun=begun) == whole


@pytest.mark.parametrize("first", range(1, 9))
def test_what_is_added_is_never_read_or_taken_back(first: int) -> None:
    """A fold goes on without what was added before, and what it leaves open was added before."""
    last = (DISPUTED, REVOKED, ruled(100, 1, 200))
    happened = events(funded(AGENT), SUBMITTED, released(300, 3, 700), delegated(200), awarded(800, 200), *last)
    begun = fold_escrow(happened[:first], chain_id=31337, escrow=ESCROW)
    whole = fold_escrow(happened, chain_id=31337, escrow=ESCROW)
    assert begun is not None
    before = {name: getattr(begun, name) for name in ADDED}
    for name in ADDED:
        setattr(begun, name, None)
    went_on = fold_escrow(happened[first:], chain_id=31337, escrow=ESCROW, begun=begun)
    assert went_on is not None
    for name in ADDED:
        setattr(went_on, name, before[name] if getattr(went_on, name) is None else getattr(went_on, name))
    assert went_on == whole


def test_funding_holds_the_budget_and_chooses_nobody() -> None:
    row = folded(funded())
    assert (row.state, row.remaining, row.since) == (State.FUNDED, BUDGET, 1_010)
    assert (row.agent, row.payee, row.agent_id, row.price) == (None, None, None, None)
    assert (row.funded_block, row.last_block, row.default_share_bps) == (1, 1, 6_000)


def test_a_direct_hire_has_its_agent_from_the_start() -> None:
    row = folded(funded(agent=AGENT))
    assert (row.terms_agent, row.agent, row.payee, row.agent_id) == (AGENT, AGENT, AGENT, None)


def test_award_returns_the_surplus() -> None:
    row = folded(funded(), awarded(800, 200))
    assert (row.state, row.remaining, row.refunded, row.price) == (State.AWARDED, 800, 200, 800)
    assert (row.agent_id, row.agent, row.payee, row.since) == (7, AGENT, PAYEE, 1_020)


def test_submitting_again_within_a_second_is_later_all_the_same() -> None:
    row = folded(funded(), awarded(800, 200), SUBMITTED, SUBMITTED, seconds=0)
    assert (row.state, row.since, row.deliverable) == (State.SUBMITTED, 1_002, HASH)


def test_a_partial_release_leaves_state_and_time() -> None:
    row = folded(funded(), awarded(800, 200), SUBMITTED, released(300, 3, 500))
    assert (row.state, row.since, row.remaining, row.paid, row.fees) == (State.SUBMITTED, 1_030, 500, 300, 3)


@pytest.mark.parametrize(("claimed", "state"), [(False, State.RELEASED), (True, State.CLAIMED)])
def test_the_last_payment_ends_the_task(claimed: bool, state: State) -> None:
    row = folded(funded(agent=AGENT), SUBMITTED, released(BUDGET, 10, 0, claimed=claimed))
    assert (row.state, row.remaining, row.since, row.paid, row.fees) == (state, 0, 0, BUDGET, 10)


@pytest.mark.parametrize("reason", Refund)
def test_a_refund_says_why(reason: Refund) -> None:
    row = folded(funded(), refunded(BUDGET, reason))
    assert (row.state, row.remaining, row.refunded, row.refund_reason) == (State.REFUNDED, 0, BUDGET, reason)


def test_a_settlement_splits_what_remained() -> None:
    row = folded(funded(agent=AGENT), SUBMITTED, released(100, 1, 900), DISPUTED, settled(600, 6, 300))
    assert (row.state, row.paid, row.fees, row.refunded, row.remaining) == (State.SETTLED, 700, 7, 300, 0)
    assert (row.disputed_by, row.evidence) == (AGENT, HASH)


@pytest.mark.parametrize("by_default", [False, True])
def test_a_ruling_says_its_share_and_whose_it_is(by_default: bool) -> None:
    row = folded(funded(agent=AGENT), SUBMITTED, DISPUTED, ruled(250, 3, 750, by_default=by_default))
    assert (row.state, row.share_bps, row.by_default, row.reasons) == (State.RULED, 2_500, by_default, HASH)
    assert (row.paid, row.fees, row.refunded) == (250, 3, 750)


def test_a_payment_that_became_owed_is_booked_once() -> None:
    owed: Step = ("PaymentOwed", {"owner": PAYEE, "amount": "990"})
    row = folded(funded(agent=AGENT), SUBMITTED, released(BUDGET, 10, 0), owed)
    assert (row.paid, row.fees, row.last_block) == (BUDGET, 10, 4)


def test_a_child_takes_from_what_remains_and_gives_back_to_it() -> None:
    row = folded(funded(agent=AGENT), delegated(300), delegated(200), returned(120))
    assert (row.state, row.remaining, row.delegated, row.refunded) == (State.FUNDED, BUDGET - 380, 380, 0)


def test_what_a_child_gives_back_after_the_end_passes_through_to_the_buyer() -> None:
    ended = released(700, 7, 0)
    row = folded(funded(agent=AGENT), delegated(300), SUBMITTED, ended, returned(100, to_buyer=True))
    assert (row.state, row.remaining, row.delegated, row.refunded, row.last_block) == (State.RELEASED, 0, 200, 100, 5)


def test_a_child_may_make_a_submitted_task_hold_more() -> None:
    row = folded(funded(agent=AGENT), delegated(300), SUBMITTED, returned(300))
    assert (row.state, row.remaining, row.since) == (State.SUBMITTED, BUDGET, 1_030)


def test_a_revoked_bid_changes_nothing_and_makes_nothing_pending() -> None:
    assert folded(funded(), REVOKED) == folded(funded())
    assert folded(REVOKED, funded()).funded_block == 2
    assert fold_escrow(events(REVOKED), chain_id=31337, escrow=ESCROW) is None


def test_owed_falls_with_each_withdrawal() -> None:
    steps = [("PaymentOwed", {"amount": "7"}), ("PaymentOwed", {"amount": "5"}), ("Withdrawn", {"amount": "12"})]
    before, after = fold_owed(AGENT, events(*steps[:2])), fold_owed(AGENT, events(*steps))
    assert before is not None
    assert after is not None
    assert (before.amount, before.last_block, after.amount, after.last_block) == (12, 2, 0, 3)
    assert fold_owed(AGENT, []) is None


def test_states_that_are_over() -> None:
    assert [state for state in State if is_over(state)] == [
        State.RELEASED,
        State.CLAIMED,
        State.SETTLED,
        State.RULED,
        State.REFUNDED,
    ]


@st.composite
def histories(draw: st.DrawFn) -> Sequence[Step]:
    """Any course that the contract allows, with its arithmetic."""
    remaining = draw(st.integers(1, 2**96 - 1))
    steps = [funded(budget=remaining)]
    if draw(st.booleans()):
        price = draw(st.integers(1, remaining))
        steps.append(awarded(price, remaining - price))
        remaining = price
        for _ in range(draw(st.integers(0, 3))):
            amount = draw(st.integers(0, remaining - 1))
            remaining -= amount
            steps += [SUBMITTED, released(amount, amount // 100, remaining)]
        taken = draw(st.integers(0, remaining - 1))
        back = draw(st.integers(0, taken))
        remaining += back - taken
        steps += [delegated(taken), REVOKED, returned(back)]
    to_agent = draw(st.integers(0, remaining))
    ends = [
        refunded(remaining, Refund.RECLAIMED),
        released(remaining, 0, 0),
        settled(to_agent, 0, remaining - to_agent),
    ]
    return [*steps, *draw(st.sampled_from([[], *([end] for end in ends)]))]


@given(history=histories())
def test_every_unit_is_paid_refunded_delegated_or_held(history: Sequence[Step]) -> None:
    for length in range(1, len(history) + 1):
        row = folded(*history[:length])
        assert row.paid + row.refunded + row.delegated + row.remaining == row.budget
        assert min(row.paid, row.refunded, row.delegated, row.remaining, row.paid - row.fees) >= 0
        assert not is_over(row.state) or row.remaining == 0
