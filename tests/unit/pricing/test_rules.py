"""Prices stay within their bounds, follow demand, and come to rest around the price at which there is enough to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import PricingRefused
from app.pricing.rules import Bounds, Demand, next_price, require_bounds, step_down, step_up

IDLE, BUSY, ENOUGH = Demand(0, 0, 0, 1), Demand(9, 0, 0, 1), Demand(1, 0, 0, 1)
AMOUNTS = st.integers(1, 2**96)
STEPS = st.integers(1, 5_000)
COUNTS = st.integers(0, 50)
DEMANDS = st.builds(Demand, COUNTS, COUNTS, COUNTS, COUNTS)


@st.composite
def bounds_and_price(draw: st.DrawFn, most: int = 2**96) -> tuple[Bounds, int]:
    floor, price, ceiling = sorted(draw(st.tuples(*[st.integers(1, most)] * 3)))
    return Bounds(floor, ceiling, draw(STEPS), draw(st.integers(1, 20))), price


@given(bounds_and_price(), DEMANDS)
def test_a_price_never_leaves_its_bounds_and_takes_one_step_at_most(given: tuple[Bounds, int], demand: Demand) -> None:
    bounds, price = given
    moved = next_price(price, bounds, demand)
    assert bounds.floor <= moved <= bounds.ceiling
    assert price - step_down(price, bounds.step_bps) <= moved <= price + step_up(price, bounds.step_bps)


@given(bounds_and_price(), st.tuples(COUNTS, COUNTS, COUNTS), st.tuples(COUNTS, COUNTS, COUNTS), COUNTS)
def test_more_to_do_never_gives_a_lower_price(
    given: tuple[Bounds, int], some: tuple[int, int, int], more: tuple[int, int, int], offering: int
) -> None:
    bounds, price = given
    few = Demand(*some, offering)
    many = Demand(some[0] + more[0], some[1] + more[1], some[2] + more[2], offering)
    assert next_price(price, bounds, few) <= next_price(price, bounds, many)


@given(st.tuples(AMOUNTS, AMOUNTS).map(sorted), STEPS, DEMANDS)
def test_a_lower_price_never_overtakes_a_higher_one(prices: list[int], step_bps: int, demand: Demand) -> None:
    bounds = Bounds(1, 2**97, step_bps, 5)
    assert next_price(prices[0], bounds, demand) <= next_price(prices[1], bounds, demand)


@given(AMOUNTS, STEPS)
def test_a_step_is_a_base_unit_at_least_and_is_undone_by_its_opposite(price: int, step_bps: int) -> None:
    up = price + step_up(price, step_bps)
    assert up > price
    assert step_down(price, step_bps) >= 1
    assert abs(up - step_down(up, step_bps) - price) <= 1


@pytest.mark.parametrize("price", [1, 2, 3, 19])
def test_small_prices_move_too(price: int) -> None:
    bounds = Bounds(1, 100, 500, 1)
    assert next_price(price, bounds, BUSY) == price + 1
    assert next_price(price, bounds, IDLE) == max(1, price - 1)


@given(bounds_and_price(10**6), st.integers(1, 10**6), st.integers(0, 10**6), st.integers(500, 5_000))
def test_around_the_right_price_it_moves_by_one_step_at_most(
    given: tuple[Bounds, int], enough: int, wide: int, step_bps: int
) -> None:
    """A market in which too much comes below one price, and nothing above another."""
    bounds, price = given
    bounds = Bounds(bounds.floor, bounds.ceiling, step_bps, bounds.target)
    low = min(bounds.ceiling, max(bounds.floor, enough))
    high = min(bounds.ceiling, low + wide)
    least = max(bounds.floor, low - step_down(low, step_bps))
    most = min(bounds.ceiling, high + step_up(high, step_bps))
    arrived = False
    for _ in range(400):
        demand = Demand(bounds.target + 1, 0, 0, 1) if price < low else IDLE if price > high else ENOUGH
        price = next_price(price, bounds, demand)
        assert not arrived or least <= price <= most
        arrived = arrived or least <= price <= most
    assert arrived


def test_open_tasks_count_by_an_even_share_and_for_nobody_who_wins_none() -> None:
    assert Demand(1, 0, 10, 4).load == 3
    assert Demand(2, 3, 0, 0).load == 3
    bounds = Bounds(1, 10_000, 1_000, 2)
    assert next_price(1_000, bounds, Demand(1, 0, 10, 4)) == 1_100
    assert next_price(1_000, bounds, Demand(1, 0, 3, 4)) == 1_000
    assert next_price(1_000, bounds, Demand(0, 0, 500, 1)) == 910


@pytest.mark.parametrize(
    ("price", "bounds", "field"),
    [
        (None, Bounds(1, 9, 1, 1), "listing"),
        (5, Bounds(0, 9, 1, 1), "floor"),
        (5, Bounds(6, 5, 1, 1), "ceiling"),
        (5, Bounds(6, 9, 1, 1), "listing"),
        (10, Bounds(6, 9, 1, 1), "listing"),
    ],
)
def test_refuses_bounds_that_do_not_hold_the_price(price: int | None, bounds: Bounds, field: str) -> None:
    with pytest.raises(PricingRefused) as refused:
        require_bounds(price, bounds)
    assert refused.value.facts["field"] == field


def test_takes_bounds_that_do() -> None:
    require_bounds(6, Bounds(6, 6, 1, 1))
