"""A deep run of the invariants counts only if its walks went everywhere."""

import pytest

from devnet.walks import Counts, counted, table, too_seldom

ENOUGH = Counts(2, {"fund": 1_000, "Ruled": 100}, {"fund": 5})


def test_sums_up_all_walks() -> None:
    counts = counted(["fund 2 1,Ruled 1 0,", "fund 3 0,Ruled 0 0,"])
    assert counts == Counts(2, {"fund": 5, "Ruled": 1}, {"fund": 1, "Ruled": 0})


def test_refuses_a_line_that_is_not_whole() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        counted(["fund 2 1,Rul"])


def test_enough_is_enough() -> None:
    assert too_seldom({"strict": ENOUGH}) == []


def test_a_verb_that_succeeded_too_seldom_is_told() -> None:
    assert too_seldom({"strict": Counts(1, {"fund": 999}, {})}) == ["fund: 999 times, at least 1,000 are wanted"]


def test_an_end_that_was_hardly_reached_is_told() -> None:
    assert too_seldom({"strict": Counts(1, {"Ruled": 99}, {})}) == ["Ruled: 99 times, at least 100 are wanted"]


def test_tokens_count_together() -> None:
    assert too_seldom({"strict": Counts(1, {"fund": 600}, {}), "hostile": Counts(1, {"fund": 400}, {})}) == []


def test_no_walk_at_all_is_told() -> None:
    assert too_seldom({}) == ["no walk left its counts"]


def test_shows_each_token_beside_the_other() -> None:
    lines = table({"hostile": Counts(1, {"fund": 1}, {"fund": 2}), "strict": ENOUGH})
    assert lines[-2].split() == ["fund", "1", "/", "2", "1,000", "/", "5"]
    assert lines[-1].split() == ["Ruled", "0", "/", "0", "100", "/", "0"]
