"""Prices and ends that follow from the clock or from the bid before. Pure; amounts are base units, times the
database's."""

from datetime import datetime, timedelta
from typing import Protocol

from app.money import WHOLE_BPS

MICROSECOND = timedelta(microseconds=1)


class Closing(Protocol):
    """What is read of an auction to tell whether it still takes bids."""

    @property
    def closes_at(self) -> datetime | None: ...
    @property
    def closed_at(self) -> datetime | None: ...


def is_over(auction: Closing, now: datetime) -> bool:
    """Whether bidding has ended by the clock, though nobody may have closed it yet; one that never opened has not."""
    return auction.closed_at is not None or (auction.closes_at is not None and auction.closes_at <= now)


def highest_allowed(leading: int | None, budget: int, decrement_bps: int) -> int:
    """What the next bid of an open auction may ask at most: the budget, then at least one step below the leader."""
    if leading is None:
        return budget
    return leading - max(1, leading * decrement_bps // WHOLE_BPS)


def extended(closes_at: datetime, now: datetime, extension: timedelta, latest: datetime) -> datetime:
    """When bidding ends after a bid at `now`: nobody leads in the last moment without time for an answer."""
    if closes_at - now >= extension:
        return closes_at
    return max(closes_at, min(now + extension, latest))


def rising_price(start: int, budget: int, elapsed: timedelta, duration: timedelta) -> int:
    """What a Dutch auction offers after `elapsed`: from `start` in a straight line to the budget, rounded down."""
    passed = min(max(elapsed, timedelta(0)), duration)
    return start + (budget - start) * (passed // MICROSECOND) // (duration // MICROSECOND)
