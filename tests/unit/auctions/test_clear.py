"""The sealed second-price rule: winner, price, ties, and the properties that make honest bidding best."""

from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from app.auctions.rules import Candidate, Clearing, clear
from app.money import MAX_AMOUNT

BUDGET = st.integers(1, MAX_AMOUNT)
DIGEST = st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex())


@st.composite
def auctions(draw: st.DrawFn) -> tuple[list[Candidate], int]:
    """Bids with prices close together, so that ties happen, around a budget."""
    budget = draw(st.integers(1, 20) | BUDGET)
    digests = draw(st.lists(DIGEST, max_size=8, unique=True))
    return [Candidate(digest, draw(st.integers(1, min(25, MAX_AMOUNT)))) for digest in digests], budget


def bid(number: int, price: int) -> Candidate:
    return Candidate(f"0x{number:064x}", price)


def test_nobody_wins_without_a_bid() -> None:
    assert clear([], 10) is None


def test_a_single_bid_is_paid_the_budget() -> None:
    assert clear([bid(1, 4)], 10) == Clearing(bid(1, 4).digest, 10)


def test_the_lowest_is_paid_the_second_lowest() -> None:
    assert clear([bid(1, 7), bid(2, 4), bid(3, 9)], 10) == Clearing(bid(2, 4).digest, 7)


def test_equal_bids_go_to_the_lower_digest_at_that_price() -> None:
    assert clear([bid(9, 4), bid(2, 4)], 10) == Clearing(bid(2, 4).digest, 4)


def test_a_bid_above_the_budget_neither_wins_nor_sets_the_price() -> None:
    assert clear([bid(1, 4), bid(2, 11)], 10) == Clearing(bid(1, 4).digest, 10)
    assert clear([bid(2, 11)], 10) is None


@given(auctions())
def test_the_price_is_between_the_winners_bid_and_the_budget(auction: tuple[list[Candidate], int]) -> None:
    bids, budget = auction
    result = clear(bids, budget)
    if result is not None:
        winner = next(each for each in bids if each.digest == result.winner)
        assert winner.min_price <= result.price <= budget
        assert all(winner.min_price <= each.min_price for each in bids)


@given(auctions(), st.randoms())
def test_the_order_of_bids_does_not_matter(auction: tuple[list[Candidate], int], random: Random) -> None:
    bids, budget = auction
    shuffled = list(bids)
    random.shuffle(shuffled)
    assert clear(shuffled, budget) == clear(bids, budget)


@given(auctions(), st.integers(1, 30))
def test_the_winner_gains_nothing_by_another_bid(auction: tuple[list[Candidate], int], other: int) -> None:
    bids, budget = auction
    result = clear(bids, budget)
    assume(result is not None)
    assert result is not None
    rest = [each for each in bids if each.digest != result.winner]
    again = clear([*rest, Candidate(result.winner, other)], budget)
    if again is not None and again.winner == result.winner:
        assert again.price == result.price


@given(auctions())
def test_striking_the_winner_never_lowers_the_price(auction: tuple[list[Candidate], int]) -> None:
    bids, budget = auction
    first = clear(bids, budget)
    assume(first is not None)
    assert first is not None
    second = clear([each for each in bids if each.digest != first.winner], budget)
    if second is not None:
        assert second.winner != first.winner
        assert second.price >= first.price
