"""The breaker, second by second."""

from dataclasses import replace

import pytest

from app.routing.rules import Breaker, Permit, Phase, after, permit, probing
from app.routing.rules.breaker import FORGIVEN_AFTER, IN_A_ROW, MOST_SECONDS


def fed(outcomes: str, breaker: Breaker | None = None, now: float = 0.0) -> Breaker:
    """The breaker after outcomes: + for a success, - for a failure."""
    found = breaker or Breaker()
    for each in outcomes:
        found = after(found, each == "+", now)
    return found


def test_it_opens_after_failures_in_a_row() -> None:
    assert fed("-" * (IN_A_ROW - 1)).phase is Phase.CLOSED
    assert fed("-" * IN_A_ROW).phase is Phase.OPEN
    assert fed("----+----").phase is Phase.CLOSED


def test_it_opens_where_too_few_succeed() -> None:
    assert fed("---+---+-").phase is Phase.CLOSED
    assert fed("---+---+--").phase is Phase.OPEN
    assert fed("-+++" * 50).phase is Phase.CLOSED


def test_an_open_one_takes_nothing_and_then_one_probe() -> None:
    opened = fed("-----")
    assert permit(opened, 0.5) is Permit.NO
    assert permit(opened, 1.0) is Permit.PROBE
    probed = probing(opened, 1.0)
    assert probed.phase is Phase.HALF_OPEN
    assert permit(probed, 1.5) is Permit.NO
    assert permit(probed, 3.0) is Permit.PROBE  # the first probe never came back


def test_each_opening_waits_twice_as_long_up_to_a_limit() -> None:
    breaker, now, pauses = fed("-----"), 0.0, []
    for _ in range(8):
        pauses.append(breaker.until - now)
        now = breaker.until
        breaker = after(probing(breaker, now), False, now)
    assert pauses == [1, 2, 4, 8, 16, MOST_SECONDS, MOST_SECONDS, MOST_SECONDS]


def test_a_probe_that_succeeds_closes_it_on_trial() -> None:
    closed = after(probing(fed("-----"), 1.0), True, 1.0)
    assert closed.phase is Phase.CLOSED
    again = replace(closed, calls=50)
    assert after(again, False, 2.0).phase is Phase.OPEN


def test_a_run_of_successes_is_forgiven() -> None:
    closed = after(probing(fed("-----"), 1.0), True, 1.0)
    assert closed.openings == 1
    assert fed("+" * FORGIVEN_AFTER, closed).openings == 0


@pytest.mark.parametrize("outcomes", ["+" * 100, "+++++++-" * 20])
def test_a_good_agent_stays_in(outcomes: str) -> None:
    assert fed(outcomes).phase is Phase.CLOSED
