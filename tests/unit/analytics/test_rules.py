"""How an ended task counts, and what prices are told of how many."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.rules import Outcome, Per, Prices, Size, has_missed, outcome_of, prices_of, size_of, start_of, wider
from app.escrow.rules import Refund, State


@dataclass(frozen=True)
class Escrow:
    state: int
    paid: int = 0
    agent_id: int | None = 1
    refund_reason: int | None = None


@pytest.mark.parametrize(
    ("escrow", "outcome"),
    [
        (Escrow(State.RELEASED, paid=5), Outcome.PAID),
        (Escrow(State.RULED, paid=1), Outcome.PAID),
        (Escrow(State.REFUNDED, paid=1, refund_reason=Refund.CANCELLED_BY_AGENT), Outcome.PAID),
        (Escrow(State.RULED), Outcome.ABANDONED),
        (Escrow(State.SETTLED), Outcome.PARTED),
        (Escrow(State.REFUNDED, refund_reason=Refund.RECLAIMED), Outcome.ABANDONED),
        (Escrow(State.REFUNDED, refund_reason=Refund.CANCELLED_BY_AGENT), Outcome.ABANDONED),
        (Escrow(State.REFUNDED, refund_reason=Refund.VETOED), Outcome.PARTED),
        (Escrow(State.REFUNDED, agent_id=None, refund_reason=Refund.RECLAIMED), Outcome.UNAWARDED),
    ],
)
def test_how_an_end_counts(escrow: Escrow, outcome: Outcome) -> None:
    assert outcome_of(escrow) is outcome


def test_few_deals_tell_nothing() -> None:
    assert prices_of([1, 2, 3, 4]) == Prices(4, None)
    assert prices_of([5, 1, 4, 2, 3]) == Prices(5, {10: 1, 25: 2, 50: 3, 75: 4, 90: 5})


@given(st.lists(st.integers(0, 2**96), min_size=5))
def test_quantiles_are_payments_and_rise(paid: list[int]) -> None:
    quantiles = prices_of(paid).quantiles
    assert quantiles is not None
    assert list(quantiles.values()) == sorted(quantiles.values())
    assert set(quantiles.values()) <= set(paid)
    assert sum(each <= quantiles[50] for each in paid) * 2 >= len(paid)


def test_sizes_and_the_capability_above() -> None:
    sizes = [size_of(size) for size in (0, 4096, 4097, 262_144, 262_145)]
    assert sizes == [Size.SMALL, Size.SMALL, Size.MEDIUM, Size.MEDIUM, Size.LARGE]
    assert [wider(name) for name in ("text.translate.de", "text.translate", "text")] == ["text.translate", "text", None]


def test_only_an_agent_that_had_agreed_misses_a_deadline() -> None:
    assert has_missed(Escrow(State.REFUNDED, refund_reason=Refund.RECLAIMED))
    assert not has_missed(Escrow(State.REFUNDED, agent_id=None, refund_reason=Refund.RECLAIMED))
    assert not has_missed(Escrow(State.REFUNDED, refund_reason=Refund.CANCELLED_BY_AGENT))
    assert not has_missed(Escrow(State.RULED))


@given(st.sampled_from(list(Per)), st.integers(10**9, 4 * 10**9), st.integers(0, 60))
def test_stretches_begin_one_before_the_other(per: Per, time: int, back: int) -> None:
    start = start_of(per, time, back)
    assert start <= time
    assert start_of(per, start, 0) == start
    assert start_of(per, start - 1, 0) == start_of(per, time, back + 1)


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    time = int(datetime(2027, 1, 3, 15, tzinfo=UTC).timestamp())
    assert datetime.fromtimestamp(start_of(Per.WEEK, time, 0), UTC).isoformat() == "2026-12-28T00:00:00+00:00"
    assert datetime.fromtimestamp(start_of(Per.MONTH, time, 1), UTC).isoformat() == "2026-12-01T00:00:00+00:00"
