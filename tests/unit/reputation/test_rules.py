"""Who may rate, and what a record adds up to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import NotFinalYet, NotParty, TaskNotFinished
from app.escrow.rules import Refund, State
from app.reputation.rules import may_review, record_of
from tests.unit.tasks.facts import AGENT, AWARDED, BUYER, OPEN, Escrow

ENDS = [State.RELEASED, State.CLAIMED, State.SETTLED, State.RULED, State.REFUNDED]


def finished(state: State, paid: int) -> Escrow:
    return Escrow(state=state, remaining=0, agent=AGENT, agent_id=7, paid=paid, last_block=10)


@pytest.mark.parametrize(
    ("state", "paid"),
    [(State.RELEASED, 5), (State.CLAIMED, 5), (State.RULED, 0), (State.RULED, 5), (State.SETTLED, 5)],
)
def test_the_buyer_rates_a_paid_task(state: State, paid: int) -> None:
    escrow = finished(state, paid)
    assert may_review(AWARDED, escrow, BUYER, finalized=10) == 7


@pytest.mark.parametrize(("state", "paid"), [(State.REFUNDED, 0), (State.SETTLED, 0), (State.SUBMITTED, 0)])
def test_refuses_a_task_that_paid_nobody(state: State, paid: int) -> None:
    with pytest.raises(TaskNotFinished):
        may_review(AWARDED, finished(state, paid), BUYER, finalized=10)


def test_refuses_an_unfunded_task() -> None:
    with pytest.raises(TaskNotFinished):
        may_review(OPEN, None, BUYER, finalized=10)


def test_refuses_everybody_but_the_buyer() -> None:
    with pytest.raises(NotParty):
        may_review(AWARDED, finished(State.RELEASED, 5), AGENT, finalized=10)


def test_nothing_is_rated_before_it_is_final() -> None:
    with pytest.raises(NotFinalYet):
        may_review(AWARDED, finished(State.RELEASED, 5), BUYER, finalized=9)


@pytest.mark.parametrize(("stars", "mean"), [([], None), ([5], 500), ([1, 2], 150), ([1, 1, 2], 133), ([2, 2, 1], 167)])
def test_the_mean_is_rounded_to_hundredths(stars: list[int], mean: int | None) -> None:
    assert record_of([], stars).mean_hundredths == mean


@pytest.mark.parametrize(("reason", "abandoned"), [(reason, reason in (2, 4)) for reason in Refund])
def test_only_what_the_agent_left_is_abandoned(reason: Refund, abandoned: bool) -> None:
    escrow = replace(finished(State.REFUNDED, 0), refund_reason=reason)
    record = record_of([escrow], [])
    assert (record.abandoned, record.delivered, record.unpaid) == (int(abandoned), 0, 0)


@given(st.lists(st.builds(finished, st.sampled_from(ENDS), st.integers(0, 100))))
def test_no_task_counts_twice_and_every_unit_once(escrows: list[Escrow]) -> None:
    record = record_of(escrows, [])
    assert record.delivered + record.unpaid + record.abandoned <= len(escrows)
    assert record.earned == sum(each.paid for each in escrows)
