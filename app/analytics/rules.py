"""How an ended task counts, how large a job is, and which deals a price is reckoned from. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.escrow.rules import Refund, State
from app.reputation.rules import ABANDONED

MIN_DEALS = 5
"""Fewer tell nothing about a price, and could tell too much about a buyer."""
QUANTILES = (10, 25, 50, 75, 90)


class Outcome(StrEnum):
    """Paid: an agent got something. Abandoned: an agent had it and did not deliver. Unawarded: nobody ever had it.
    Parted: it ended without anybody's fault (a veto, a common parting, a buyer's own cancel)."""

    PAID = "paid"
    ABANDONED = "abandoned"
    UNAWARDED = "unawarded"
    PARTED = "parted"


class Size(StrEnum):
    """By the bytes of the task's content."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


LIMITS = {Size.SMALL: 4 * 1024, Size.MEDIUM: 256 * 1024}


class Ended(Protocol):
    """What is read of an escrow that ended."""

    @property
    def state(self) -> int: ...
    @property
    def paid(self) -> int: ...
    @property
    def agent_id(self) -> int | None: ...
    @property
    def refund_reason(self) -> int | None: ...


def outcome_of(escrow: Ended) -> Outcome:
    """How an ended task counts."""
    if escrow.paid > 0:
        return Outcome.PAID
    if escrow.state != State.REFUNDED:
        return Outcome.ABANDONED if escrow.state == State.RULED else Outcome.PARTED
    if escrow.agent_id is None:
        return Outcome.UNAWARDED
    reason = None if escrow.refund_reason is None else Refund(escrow.refund_reason)
    return Outcome.ABANDONED if reason in ABANDONED else Outcome.PARTED


def has_missed(escrow: Ended) -> bool:
    """Whether an agent that had agreed let its deadline pass without delivering."""
    return escrow.agent_id is not None and escrow.state == State.REFUNDED and escrow.refund_reason == Refund.RECLAIMED


class Per(StrEnum):
    """How long the stretches of a history are. Weeks begin on Monday; both are the calendar's in UTC."""

    WEEK = "week"
    MONTH = "month"


def start_of(per: Per, time: int, back: int) -> int:
    """When the stretch began that lies `back` before the one of `time`, both in unix seconds."""
    day = datetime.fromtimestamp(time, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match per:
        case Per.WEEK:
            first = day - timedelta(days=day.weekday(), weeks=back)
        case Per.MONTH:
            months = day.year * 12 + day.month - 1 - back
            first = day.replace(year=months // 12, month=months % 12 + 1, day=1)
    return int(first.timestamp())


def size_of(content_bytes: int) -> Size:
    """The class of a job."""
    return next((size for size, limit in LIMITS.items() if content_bytes <= limit), Size.LARGE)


@dataclass(frozen=True)
class Prices:
    """Quantiles of what was paid, in base units, by percent; None where too few deals say anything."""

    deals: int
    quantiles: dict[int, int] | None


def prices_of(paid: Sequence[int]) -> Prices:
    """Nearest-rank quantiles of at least MIN_DEALS payments."""
    if len(paid) < MIN_DEALS:
        return Prices(len(paid), None)
    ordered = sorted(paid)
    ranks = {percent: ordered[max(0, -(-len(ordered) * percent // 100) - 1)] for percent in QUANTILES}
    return Prices(len(ordered), ranks)


def wider(capability: str) -> str | None:
    """The capability above: text.translate of text.translate.de; None above the first word."""
    head, dot, _ = capability.rpartition(".")
    return head if dot else None
