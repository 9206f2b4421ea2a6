"""The searches by which meaning is measured, and that the setting keeps to what was measured."""

import json

import pytest

from app.config import Settings
from bench.meaning import MEASURED, WAYS, offers, reported, searches


def test_there_are_a_hundred_different_searches_whose_offers_exist() -> None:
    keys = [each.key for each in offers()]
    asked = searches()
    assert len(set(keys)) == len(keys) >= 150
    assert len({each.words for each in asked}) == len(asked) == 100
    assert all(each.right and each.right <= set(keys) for each in asked)


def test_no_search_is_an_offers_title() -> None:
    titles = {each.title.lower() for each in offers()}
    assert not titles & {each.words.lower() for each in searches()}


def test_a_way_that_is_told_to_be_better_was_measured_to_be() -> None:
    measured = json.loads(MEASURED.read_text())
    verdict = measured["verdict"]
    assert measured["searches"] == len(searches())
    assert verdict == "words" or measured["to_words_95"][verdict]["mrr"][0] > 0


def test_the_setting_is_what_keeps_up_with_the_searches() -> None:
    """Both finds more, and two cores do not serve 50 such searches a second (docs/benchmarks.md)."""
    assert Settings.model_fields["search_by"].default == "words"


@pytest.mark.parametrize(
    ("places", "verdict"),
    [
        ({"words": [2] * 100, "meaning": [2] * 100, "both": [2] * 100}, "words"),
        ({"words": [2] * 100, "meaning": [None] * 100, "both": [3] * 100}, "words"),
        ({"words": [2] * 100, "meaning": [1] * 60 + [2] * 40, "both": [1] * 50 + [2] * 50}, "meaning"),
        ({"words": [2] * 100, "meaning": [1] * 2 + [4] * 3 + [2] * 95, "both": [2] * 100}, "words"),
    ],
)
def test_only_a_clear_difference_wins(places: dict[str, list[int | None]], verdict: str) -> None:
    assert tuple(places) == WAYS
    assert reported(places)["verdict"] == verdict
