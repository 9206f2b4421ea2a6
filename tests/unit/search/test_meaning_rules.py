"""What of a search has a meaning, and one ranking of two."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.search.rules import excluded, fused, meaning_of

A, B, C, D = (UUID(int=number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("text", "out", "meaning"),
    [
        ("sort lists", [], "sort lists"),
        ("sort -slow lists", ["slow"], "sort lists"),
        ('sort -"very slow" "long lists"', ['"very slow"'], "sort long lists"),
        ("well-known e-mail", [], "well-known e-mail"),
        ("-slow", ["slow"], ""),
        ('- -"" x', [], "- x"),
        ('-"unclosed phrase', ['"unclosed phrase'], ""),
    ],
)
def test_exclusions_have_no_meaning(text: str, out: list[str], meaning: str) -> None:
    assert (excluded(text), meaning_of(text)) == (out, meaning)


def test_what_two_rankings_share_comes_before_what_one_has() -> None:
    assert fused([[A, B], [C, B]]) == [B, A, C]
    assert fused([[A, B, C], []]) == [A, B, C]
    assert fused([[], [C, A]]) == [C, A]
    assert fused([[D, A], [A, D]]) == [D, A]
    assert fused([]) == []


@given(st.lists(st.permutations([A, B, C, D]), min_size=1, max_size=4))
def test_nothing_is_lost_or_doubled_and_the_unanimous_first_stays_first(rankings: list[list[UUID]]) -> None:
    found = fused(rankings)
    assert sorted(found) == [A, B, C, D]
    if len({ranking[0] for ranking in rankings}) == 1:
        assert found[0] == rankings[0][0]
