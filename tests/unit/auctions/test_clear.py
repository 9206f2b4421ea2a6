"""The rules of the kinds: winner, price, ties, and the properties that make honest bidding best."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.auctions.rules import (
    WHOLE_QUALITY,
    AuctionKind,
    Candidate,
    Clearing,
    clear,
    extended,
    highest_allowed,
    rank,
    rising_price,
    score_of,
)
from app.errors import AuctionPlanRefused
from app.money import MAX_AMOUNT
from app.tasks.rules.plans import AuctionPlan, completed, longest_seconds

SECOND, FIRST = AuctionKind.SEALED_SECOND_SCORE, AuctionKind.SEALED_FIRST_PRICE
OPEN, DUTCH = AuctionKind.OPEN_DESCENDING, AuctionKind.DUTCH
HALF = WHOLE_QUALITY // 2
BUDGET = st.integers(1, MAX_AMOUNT)


@st.composite
def auctions(draw: st.DrawFn) -> tuple[list[Candidate], int, int]:
    """Bids with prices and qualities close together, so that ties happen; a budget and a value above it."""
    budget = draw(st.integers(1, 20) | BUDGET)
    value = draw(st.integers(budget, 2 * budget + 5))
    ties = draw(st.lists(st.integers(0, 2**256 - 1), max_size=8, unique=True))
    qualities = st.sampled_from([0, HALF, HALF + 1, 900_000, WHOLE_QUALITY])
    bids = [Candidate(f"0x{number}", draw(st.integers(1, 25)), draw(qualities), tie) for number, tie in enumerate(ties)]
    return bids, budget, value


def bid(number: int, ask: int, quality: int = HALF) -> Candidate:
    return Candidate(f"0x{number}", ask, quality, tie=number)


def test_nobody_wins_without_a_bid() -> None:
    assert [clear(kind, [], 10, 20) for kind in AuctionKind] == [None] * 4


def test_a_single_bid_is_paid_all_that_its_quality_is_worth_within_the_budget() -> None:
    assert clear(SECOND, [bid(1, 4)], 10, 20) == Clearing("0x1", 10)
    assert clear(SECOND, [bid(1, 4, 300_000)], 10, 20) == Clearing("0x1", 6)
    assert clear(SECOND, [bid(1, 4, WHOLE_QUALITY)], 10, 20) == Clearing("0x1", 10)


def test_equal_qualities_are_the_second_price() -> None:
    assert clear(SECOND, [bid(1, 7), bid(2, 4), bid(3, 9)], 10, 20) == Clearing("0x2", 7)


def test_a_better_agent_wins_at_a_higher_price_and_is_paid_his_lead() -> None:
    # 20 x 0.9 - 8 = 10 beats 20 x 0.5 - 4 = 6; with 12 he would have left 6 as well.
    assert clear(SECOND, [bid(1, 4), bid(2, 8, 900_000)], 15, 20) == Clearing("0x2", 12)


def test_the_payment_is_rounded_down_and_never_below_the_bid() -> None:
    assert clear(SECOND, [bid(1, 3, 333_333), bid(2, 5, 500_001)], 10, 10) == Clearing("0x1", 3)
    assert clear(SECOND, [bid(1, 3, 399_999)], 10, 10) == Clearing("0x1", 3)


def test_who_scores_below_zero_or_asks_above_the_budget_is_not_there() -> None:
    assert clear(SECOND, [bid(1, 4), bid(2, 11)], 10, 20) == Clearing("0x1", 10)
    assert clear(SECOND, [bid(2, 11)], 10, 40) is None
    assert clear(SECOND, [bid(2, 9, 100_000)], 10, 20) is None


def test_equal_scores_go_to_the_lower_price_then_to_the_lower_hash() -> None:
    dear, cheap = bid(1, 8, 700_000), bid(2, 4)
    assert score_of(dear, 20) == score_of(cheap, 20)
    assert clear(SECOND, [dear, cheap], 10, 20) == Clearing("0x2", 4)
    assert clear(SECOND, [bid(9, 4), bid(2, 4)], 10, 20) == Clearing("0x2", 4)


def test_other_kinds_pay_what_was_asked() -> None:
    bids = [bid(1, 7, 900_000), bid(2, 4)]
    assert clear(FIRST, bids, 10, 20) == Clearing("0x1", 7)
    assert [clear(kind, bids, 10, 20) for kind in (OPEN, DUTCH)] == [Clearing("0x2", 4)] * 2


@given(auctions())
def test_the_price_is_between_the_winners_bid_and_the_budget(auction: tuple[list[Candidate], int, int]) -> None:
    bids, budget, value = auction
    result = clear(SECOND, bids, budget, value)
    if result is not None:
        winner = next(each for each in bids if each.digest == result.winner)
        assert winner.ask <= result.price <= budget
        eligible = rank(SECOND, bids, budget, value)
        assert all(score_of(winner, value) >= score_of(each, value) for each in eligible)


@given(auctions(), st.randoms(), st.sampled_from(AuctionKind))
def test_the_order_of_bids_does_not_matter(
    auction: tuple[list[Candidate], int, int], random: Random, kind: AuctionKind
) -> None:
    bids, budget, value = auction
    shuffled = list(bids)
    random.shuffle(shuffled)
    assert clear(kind, shuffled, budget, value) == clear(kind, bids, budget, value)


@given(auctions(), st.integers(1, 30))
def test_nobody_gains_more_than_the_rounding_by_another_price(
    auction: tuple[list[Candidate], int, int], other: int
) -> None:
    """Whoever bids his cost: the best that another price brings him is one base unit, from rounding."""
    bids, budget, value = auction
    for honest in bids:
        rest = [each for each in bids if each is not honest]
        before = gain(clear(SECOND, bids, budget, value), honest)
        after = gain(clear(SECOND, [*rest, replace(honest, ask=other)], budget, value), honest)
        assert after - before <= 1


@given(auctions(), st.integers(1, 30), st.sampled_from([0, HALF, WHOLE_QUALITY]))
def test_nobody_gains_by_a_second_identity(auction: tuple[list[Candidate], int, int], other: int, quality: int) -> None:
    bids, budget, value = auction
    assume(bids)
    honest = bids[0]
    second = Candidate("0xff", other, quality, tie=0)
    before = gain(clear(SECOND, bids, budget, value), honest)
    result = clear(SECOND, [*bids, second], budget, value)
    both = gain(result, honest) + (0 if result is None or result.winner != "0xff" else result.price - honest.ask)
    if quality <= honest.quality:  # an identity without a record of its own has no better one
        assert both - before <= 1


@given(auctions())
def test_striking_the_winner_never_raises_the_best_score(auction: tuple[list[Candidate], int, int]) -> None:
    bids, budget, value = auction
    result = clear(SECOND, bids, budget, value)
    assume(result is not None)
    assert result is not None
    rest = [each for each in bids if each.digest != result.winner]
    again = rank(SECOND, rest, budget, value)
    if again:
        assert score_of(again[0], value) <= score_of(rank(SECOND, bids, budget, value)[0], value)


def gain(result: Clearing | None, honest: Candidate) -> int:
    """What the bidder keeps above his cost, which is what he asked for honestly."""
    return 0 if result is None or result.winner != honest.digest else result.price - honest.ask


@pytest.mark.parametrize(
    ("leading", "bps", "highest"), [(None, 100, 1000), (1000, 100, 990), (1000, 0, 999), (1, 100, 0), (99, 100, 98)]
)
def test_each_open_bid_is_a_step_below_the_leader(leading: int | None, bps: int, highest: int) -> None:
    assert highest_allowed(leading, 1000, bps) == highest


def test_a_late_bid_leaves_time_for_an_answer_up_to_a_limit() -> None:
    closes, minute = datetime(2026, 1, 1, 12, tzinfo=UTC), timedelta(minutes=1)
    latest = closes + 2 * minute
    assert extended(closes, closes - 5 * minute, minute, latest) == closes
    assert extended(closes, closes - minute / 2, minute, latest) == closes + minute / 2
    assert extended(closes, closes - minute / 2, 5 * minute, latest) == latest


def test_a_dutch_price_rises_in_a_line_to_the_budget() -> None:
    hour = timedelta(hours=1)
    assert [rising_price(100, 1000, share * hour, hour) for share in (-1, 0, 0.25, 0.9999, 1, 3)] == [
        100,
        100,
        325,
        999,
        1000,
        1000,
    ]


@pytest.mark.parametrize("kind", AuctionKind)
def test_who_is_below_the_least_quality_neither_wins_nor_moves_the_price(kind: AuctionKind) -> None:
    known, unknown = bid(1, 8, 600_000), bid(2, 3, 599_999)
    assert clear(kind, [known, unknown], 10, 20, 600_000) == clear(kind, [known], 10, 20)
    assert clear(kind, [known, unknown], 10, 20, 599_999) == clear(kind, [known, unknown], 10, 20)
    assert clear(kind, [known, unknown], 10, 20, 600_001) is None


@given(auctions(), st.sampled_from([HALF, HALF + 1, WHOLE_QUALITY]), st.sampled_from(list(AuctionKind)))
def test_a_least_quality_is_the_same_rule_over_those_who_reach_it(
    drawn: tuple[list[Candidate], int, int], least: int, kind: AuctionKind
) -> None:
    bids, budget, value = drawn
    reach = [each for each in bids if each.quality >= least]
    assert clear(kind, bids, budget, value, least) == clear(kind, reach, budget, value)


def test_a_plan_is_completed_by_its_kind() -> None:
    for kind in AuctionKind:
        assert completed(AuctionPlan(kind, 60, min_quality=150_000), 100).min_quality == 150_000
    assert completed(AuctionPlan(SECOND, 60), 100) == AuctionPlan(SECOND, 60, reveal_seconds=900)
    assert longest_seconds(completed(AuctionPlan(OPEN, 60), 100)) == 60 + 20 * 60
    assert completed(AuctionPlan(DUTCH, 60), 101) == AuctionPlan(DUTCH, 60, start_price=50)
    assert completed(AuctionPlan(DUTCH, 60), 1).start_price == 1


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (AuctionPlan(SECOND, 60, value=99), "value"),
        (AuctionPlan(SECOND, 60, start_price=5), "start_price"),
        (AuctionPlan(OPEN, 60, reveal_seconds=5), "reveal_seconds"),
        (AuctionPlan(DUTCH, 60, start_price=101), "start_price"),
        (AuctionPlan(DUTCH, 60, start_price=0), "start_price"),
        (AuctionPlan(DUTCH, 60, decrement_bps=1), "decrement_bps"),
    ],
)
def test_a_plan_that_its_kind_does_not_know_is_refused(plan: AuctionPlan, field: str) -> None:
    with pytest.raises(AuctionPlanRefused) as refused:
        completed(plan, 100)
    assert refused.value.facts["field"] == field
