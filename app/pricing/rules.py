"""When a listing's price takes a step, and how large one is. Pure; prices are base units, and integers throughout."""

from dataclasses import dataclass
from enum import StrEnum

from app.errors import PricingRefused

WHOLE_BPS = 10_000


class End(StrEnum):
    """Why a price moves by itself no longer."""

    OPTED_OUT = "opted_out"
    CHANGED_BY_HAND = "changed_by_hand"


@dataclass(frozen=True)
class Bounds:
    """What an agent allows: prices from floor to ceiling, steps of `step_bps`, and how much work it aims at."""

    floor: int
    ceiling: int
    step_bps: int
    target: int


@dataclass(frozen=True)
class Demand:
    """What there is to do: the agent's tasks under way, those that it won since the last look, and the open tasks of
    the capability beside the number of agents that offer it."""

    under_way: int
    won: int
    open_tasks: int
    offering: int

    @property
    def load(self) -> int:
        """The agent's own work and its even share of what is open, rounded down."""
        return max(self.under_way, self.won) + self.open_tasks // max(1, self.offering)

    @property
    def is_idle(self) -> bool:
        """Nobody took it at this price. What is open says nothing against that: it went to others, or waits."""
        return self.under_way == 0 and self.won == 0


def next_price(price: int, bounds: Bounds, demand: Demand) -> int:
    """One step up where a busy agent's load is above its target, one down where it is idle, else the same price."""
    if demand.is_idle:
        moved = price - step_down(price, bounds.step_bps)
    elif demand.load > bounds.target:
        moved = price + step_up(price, bounds.step_bps)
    else:
        moved = price
    return min(bounds.ceiling, max(bounds.floor, moved))


def step_up(price: int, step_bps: int) -> int:
    """At least one base unit, or small prices would never move."""
    return max(1, price * step_bps // WHOLE_BPS)


def step_down(price: int, step_bps: int) -> int:
    """What undoes a step up, to a base unit: a part of the larger price that is as much as that part of the smaller."""
    return max(1, price * step_bps // (WHOLE_BPS + step_bps))


def require_bounds(price: int | None, bounds: Bounds) -> None:
    """Raises PricingRefused, naming the field."""
    if price is None:
        raise PricingRefused(field="listing", reason="its pricing has no single price to move")
    if bounds.floor < 1:
        raise PricingRefused(field="floor", reason="it is at least one base unit")
    if bounds.ceiling < bounds.floor:
        raise PricingRefused(field="ceiling", reason="it is below the floor")
    if not bounds.floor <= price <= bounds.ceiling:
        raise PricingRefused(field="listing", reason=f"its price {price} is not from floor to ceiling; set it first")
