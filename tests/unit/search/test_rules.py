"""What a search corrects, and how much a record weighs."""

from hypothesis import given
from hypothesis import strategies as st

from app.search.rules import corrected, weight_of, words_of


def test_words_are_letters_and_digits_of_three_or_more() -> None:
    assert words_of('Sort "my LIST" -slow of a_b sort übung 42 x2y3') == ["sort", "list", "slow", "übung", "x2y3"]


def test_only_misspelt_words_are_replaced() -> None:
    assert corrected('Srot "the lsit" -slow', {"srot": "sort", "lsit": "list"}) == 'sort "the list" -slow'


@given(st.integers(100, 500), st.integers(1, 1000), st.integers(0, 10**6))
def test_a_weight_is_between_nothing_and_one_and_rises(stars: int, reviews: int, delivered: int) -> None:
    weight = weight_of(stars, reviews, delivered)
    assert 0 < weight <= 1
    assert weight_of(min(500, stars + 1), reviews, delivered) >= weight
    assert weight_of(stars, reviews, delivered + 1) > weight or delivered > 10**5


def test_a_single_five_star_review_does_not_beat_a_hundred_good_ones() -> None:
    assert weight_of(500, 1, 1) < weight_of(470, 100, 100)
    assert weight_of(None, 0, 0) < weight_of(500, 1, 1)
