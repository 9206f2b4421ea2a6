"""How a buyer wishes an agent to be chosen: the kinds of auction, and what he sets of each. Pure; amounts are base
units, seconds the database's."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from app.errors import AuctionPlanRefused


class AuctionKind(StrEnum):
    """Buyers who choose among quotes themselves (request for quotes) run no auction: they name no auctioneer."""

    SEALED_SECOND_SCORE = "sealed_second_score"
    SEALED_FIRST_PRICE = "sealed_first_price"
    OPEN_DESCENDING = "open_descending"
    DUTCH = "dutch"

    @property
    def is_sealed(self) -> bool:
        """Whether bids are committed to first and revealed after the close."""
        return self in (AuctionKind.SEALED_SECOND_SCORE, AuctionKind.SEALED_FIRST_PRICE)


WHOLE_QUALITY = 1_000_000
DEFAULT_REVEAL_SECONDS = 900
DEFAULT_EXTENSION_SECONDS = 60
DEFAULT_DECREMENT_BPS = 100
MAX_EXTENSIONS = 20
"""So many times the extension is how far an open auction may be drawn out at most."""

SEALED_SETTINGS = frozenset({"value", "reveal_seconds"})
OF_KIND = {
    AuctionKind.SEALED_SECOND_SCORE: SEALED_SETTINGS,
    AuctionKind.SEALED_FIRST_PRICE: SEALED_SETTINGS,
    AuctionKind.OPEN_DESCENDING: frozenset({"decrement_bps", "extension_seconds"}),
    AuctionKind.DUTCH: frozenset({"start_price"}),
}
SETTINGS = ("value", "reveal_seconds", "start_price", "decrement_bps", "extension_seconds")


@dataclass(frozen=True)
class AuctionPlan:
    """What a buyer wishes; the time runs from the funding's notice on, and None takes the default.

    `value` is what a certain delivery is worth to him, in base units; without it, it is fixed at the opening so that an
    agent of whom nothing is known may ask for the whole budget. `min_quality`, in millionths, keeps out whoever is
    below it when the auction opens; every kind knows it.
    """

    kind: AuctionKind
    duration_seconds: int
    value: int | None = None
    reveal_seconds: int | None = None
    start_price: int | None = None
    decrement_bps: int | None = None
    extension_seconds: int | None = None
    min_quality: int | None = None


class Timed(Protocol):
    """A plan, or the auction that was made of it."""

    @property
    def duration_seconds(self) -> int: ...
    @property
    def reveal_seconds(self) -> int | None: ...
    @property
    def extension_seconds(self) -> int | None: ...


def longest_seconds(plan: Timed) -> int:
    """How long it takes at most until the rule can run."""
    return plan.duration_seconds + (plan.reveal_seconds or 0) + (plan.extension_seconds or 0) * MAX_EXTENSIONS


def completed(plan: AuctionPlan, budget: int) -> AuctionPlan:
    """The plan with what its kind needs. Raises AuctionPlanRefused, naming the setting."""
    for field in SETTINGS:
        if getattr(plan, field) is not None and field not in OF_KIND[plan.kind]:
            raise AuctionPlanRefused(field=field, reason=f"an auction of kind {plan.kind} has no such setting")
    return replace(completed_kind(plan, budget), min_quality=plan.min_quality)


def completed_kind(plan: AuctionPlan, budget: int) -> AuctionPlan:
    """What its kind takes, with that kind's defaults."""
    kind, seconds = plan.kind, plan.duration_seconds
    if kind.is_sealed:
        if plan.value is not None and plan.value < budget:
            raise AuctionPlanRefused(field="value", reason="a delivery is worth no less than the budget")
        reveal = given(plan.reveal_seconds, DEFAULT_REVEAL_SECONDS)
        return AuctionPlan(kind, seconds, value=plan.value, reveal_seconds=reveal)
    if kind is AuctionKind.OPEN_DESCENDING:
        bps = given(plan.decrement_bps, DEFAULT_DECREMENT_BPS)
        extension = given(plan.extension_seconds, DEFAULT_EXTENSION_SECONDS)
        return AuctionPlan(kind, seconds, decrement_bps=bps, extension_seconds=extension)
    start = given(plan.start_price, max(1, budget // 2))
    if not 0 < start <= budget:
        raise AuctionPlanRefused(field="start_price", reason="it lies between 1 and the budget")
    return AuctionPlan(kind, seconds, start_price=start)


def given(value: int | None, default: int) -> int:
    return default if value is None else value
