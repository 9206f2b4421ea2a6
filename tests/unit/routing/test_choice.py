"""Latency and the choice between two."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routing.rules import Candidate, Considered, Latency, Wanted, chosen, fits, observed, seen_at
from app.routing.rules.choice import Preference
from app.routing.rules.latency import FIRST_MS

A = Considered(agent_id=1, price=100, quality=500_000, latency_ms=50, in_flight=0, success=1.0)
B = replace(A, agent_id=2)
OFFER = Candidate(1, "x", "text.sort", "http://a.example/", 100, 500_000, "1.0", "eu", None, None)


def test_a_peak_counts_at_once_and_goes_slowly() -> None:
    slow = observed(Latency(20, 0.0), 400, 1.0)
    assert slow.ms == 400
    once = observed(slow, 20, 1.1)
    assert 350 < once.ms < 400
    assert observed(slow, 20, 60.0).ms < 30


def test_the_first_answer_is_the_mean() -> None:
    assert observed(Latency(), 7, 3.0) == Latency(7, 3.0)


def test_what_was_slow_long_ago_is_tried_again() -> None:
    slow = Latency(2_000, 0.0)
    assert seen_at(slow, 0.0) == 2_000
    assert seen_at(slow, 300.0) == pytest.approx(FIRST_MS, abs=1)
    assert seen_at(Latency(5, 0.0), 300.0) == 5


@pytest.mark.parametrize(
    "worse",
    [{"latency_ms": 60}, {"in_flight": 1}, {"success": 0.8}, {"price": 200}, {"quality": 400_000}],
    ids=lambda change: next(iter(change)),
)
def test_the_smaller_burden_is_chosen(worse: dict[str, float]) -> None:
    choice = chosen([replace(A, **worse), B], Preference.BALANCED)  # type: ignore[arg-type]  # one field each
    assert (choice.agent_id, choice.reason) == (2, "less burden")
    assert choice.burdens[0] > choice.burdens[1]


def test_speed_forgets_the_price_and_cost_the_speed() -> None:
    fast, cheap = replace(A, price=10_000, latency_ms=10), replace(B, price=10, latency_ms=60)
    assert chosen([fast, cheap], Preference.SPEED).agent_id == 1
    assert chosen([fast, cheap], Preference.COST).agent_id == 2


def test_a_probe_that_is_due_goes_first_and_ties_to_the_lower_id() -> None:
    assert chosen([A, replace(B, probe=True)], Preference.SPEED).reason == "probe"
    assert chosen([B, A], Preference.SPEED).agent_id == 1
    assert chosen([B], Preference.SPEED).reason == "only"


@given(st.lists(st.floats(1, 5_000), min_size=2, max_size=2), st.lists(st.integers(0, 9), min_size=2, max_size=2))
def test_what_is_written_down_makes_the_same_choice(latencies: list[float], loads: list[int]) -> None:
    both = [
        replace(each, latency_ms=latency, in_flight=load)
        for each, latency, load in zip((A, B), latencies, loads, strict=True)
    ]
    choice = chosen(both, Preference.BALANCED)
    assert chosen(choice.considered, Preference.BALANCED) == choice


@pytest.mark.parametrize(
    ("wanted", "is_fit"),
    [
        (Wanted("text.sort"), True),
        (Wanted("text.sort", max_price=100), True),
        (Wanted("text.sort", max_price=99), False),
        (Wanted("text.sort", min_quality=500_001), False),
        (Wanted("text.sort", keeps_to="1.1"), False),
        (Wanted("text.sort", keeps_to="1.0", region="eu"), True),
        (Wanted("text.sort", region="us"), False),
    ],
)
def test_an_offer_fits_or_does_not(wanted: Wanted, is_fit: bool) -> None:
    assert fits(OFFER, wanted) is is_fit
