"""Who may review, until when, and when what is sealed is shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import (
    DeadlineTooFar,
    NotFinalYet,
    NotParty,
    ReviewDeadlineTooSoon,
    ReviewsClosed,
    TaskNotFinished,
)
from app.escrow.rules import State
from app.reputation.reviews.rules import (
    CARRY_SECONDS,
    DAY_SECONDS,
    OPEN_FOR,
    Opinion,
    Reviewer,
    Side,
    Tally,
    feedback_deadline,
    is_due,
    may_reply,
    may_review,
    require_open,
)
from tests.unit.tasks.facts import AGENT, ARBITER, AWARDED, BUYER, MOMENT, OPEN, STRANGER, Escrow

CLOSES = MOMENT + OPEN_FOR
SECOND = timedelta(seconds=1)
BOTH = (Side.BUYER, Side.AGENT)


@dataclass(frozen=True)
class Window:
    closes_at: datetime = CLOSES
    closed_at: datetime | None = None


def finished(state: State, paid: int) -> Escrow:
    return Escrow(state=state, remaining=0, agent=AGENT, agent_id=7, paid=paid, last_block=10)


@pytest.mark.parametrize(("account", "side"), [(BUYER, Side.BUYER), (AGENT, Side.AGENT)])
@pytest.mark.parametrize(
    ("state", "paid"),
    [(State.RELEASED, 5), (State.CLAIMED, 5), (State.RULED, 0), (State.RULED, 5), (State.SETTLED, 5)],
)
def test_both_parties_review_a_paid_task(state: State, paid: int, account: str, side: Side) -> None:
    assert may_review(AWARDED, finished(state, paid), account, finalized=10) == Reviewer(side, 7)


@pytest.mark.parametrize("account", [BUYER, AGENT])
@pytest.mark.parametrize(("state", "paid"), [(State.REFUNDED, 0), (State.SETTLED, 0), (State.SUBMITTED, 0)])
def test_refuses_a_task_that_paid_nobody(state: State, paid: int, account: str) -> None:
    with pytest.raises(TaskNotFinished):
        may_review(AWARDED, finished(state, paid), account, finalized=10)


def test_refuses_an_unfunded_task() -> None:
    with pytest.raises(TaskNotFinished):
        may_review(OPEN, None, BUYER, finalized=10)


@pytest.mark.parametrize("account", [ARBITER, STRANGER])
def test_refuses_whoever_did_not_deal(account: str) -> None:
    with pytest.raises(NotParty):
        may_review(AWARDED, finished(State.RELEASED, 5), account, finalized=10)


def test_nothing_is_reviewed_before_it_is_final() -> None:
    with pytest.raises(NotFinalYet):
        may_review(AWARDED, finished(State.RELEASED, 5), BUYER, finalized=9)


@pytest.mark.parametrize(("side", "reviewed"), [(Side.BUYER, AGENT), (Side.AGENT, BUYER)])
def test_only_who_was_reviewed_replies(side: Side, reviewed: str) -> None:
    may_reply(AWARDED, reviewed, side)
    for account in {BUYER, AGENT, ARBITER, STRANGER} - {reviewed}:
        with pytest.raises(NotParty):
            may_reply(AWARDED, account, side)


def test_reviews_are_taken_until_the_windows_last_moment() -> None:
    require_open(Window(), CLOSES - SECOND)
    with pytest.raises(ReviewsClosed):
        require_open(Window(), CLOSES)


def test_none_is_taken_once_they_are_shown_however_early() -> None:
    with pytest.raises(ReviewsClosed):
        require_open(Window(closed_at=MOMENT), MOMENT + SECOND)


@pytest.mark.parametrize("spoken", [(), (Side.BUYER,), (Side.AGENT,), (Side.BUYER, Side.BUYER)])
def test_one_alone_waits_for_the_windows_end(spoken: tuple[Side, ...]) -> None:
    assert not is_due(Window(), spoken, CLOSES - SECOND)
    assert is_due(Window(), spoken, CLOSES)


def test_both_are_shown_at_once_and_only_once() -> None:
    assert is_due(Window(), BOTH, MOMENT)
    assert not is_due(Window(closed_at=MOMENT), BOTH, CLOSES)


@given(st.integers(0, int(OPEN_FOR.total_seconds())), st.integers(0, 10**9))
def test_a_rating_can_be_carried_for_days_after_the_window(passed: int, time: int) -> None:
    now = MOMENT + timedelta(seconds=passed)
    until = feedback_deadline(None, time, CLOSES, now)
    remaining = int(OPEN_FOR.total_seconds()) - passed
    assert until - time == remaining + 1 + CARRY_SECONDS
    assert feedback_deadline(until, time, CLOSES, now) == until
    # Seconds that pass between preparing and signing cost nothing of it.
    assert feedback_deadline(until, time + 300, CLOSES, now + timedelta(seconds=300)) == until


def test_refuses_a_deadline_within_the_window_or_years_ahead() -> None:
    time, whole = 1_000, int(OPEN_FOR.total_seconds())
    with pytest.raises(ReviewDeadlineTooSoon):
        feedback_deadline(time + whole + DAY_SECONDS, time, CLOSES, MOMENT)
    with pytest.raises(DeadlineTooFar):
        feedback_deadline(time + 400 * DAY_SECONDS, time, CLOSES, MOMENT)


@given(st.dictionaries(st.integers(1, 5), st.integers(0, 1000)))
def test_a_tally_counts_each_star_and_its_mean_is_rounded_once(counts: dict[int, int]) -> None:
    tally = Tally(counts)
    total, stars = sum(counts.values()), sum(each * count for each, count in counts.items())
    assert (tally.reviews, sum(tally.by_stars.values())) == (total, total)
    assert list(tally.by_stars) == [1, 2, 3, 4, 5]
    if total == 0:
        assert tally.mean_hundredths is None
    else:
        assert tally.mean_hundredths is not None
        assert abs(tally.mean_hundredths * total - 100 * stars) * 2 <= total


def test_words_are_named_by_their_sha_256() -> None:
    nothing = "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Opinion(5, "").digest == nothing
    assert Opinion(1, "good ✓").digest != Opinion(1, "good").digest
