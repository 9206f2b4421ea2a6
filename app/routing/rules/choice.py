"""The choice between two agents drawn at random (power of two choices: Mitzenmacher 2001): the one with the smaller
burden does the call. Whoever has what is written down of a choice makes it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WHOLE = 1_000_000
LEAST_SUCCESS = 0.02


class Preference(StrEnum):
    """What counts more: the answer soon, or for little."""

    SPEED = "speed"
    BALANCED = "balanced"
    COST = "cost"


COST_POWER = {Preference.SPEED: 0.0, Preference.BALANCED: 0.5, Preference.COST: 2.0}


@dataclass(frozen=True)
class Wanted:
    """What a call asks for; None does not narrow. Prices are base units, qualities millionths."""

    capability: str
    max_price: int | None = None
    min_quality: int | None = None
    max_latency_ms: int | None = None
    keeps_to: str | None = None
    region: str | None = None
    prefer: Preference = Preference.BALANCED


@dataclass(frozen=True)
class Candidate:
    """An agent's offer that calls can be sent to; `quality` is its score in millionths."""

    agent_id: int
    listing_id: str
    capability: str
    endpoint: str
    price: int
    quality: int
    keeps_to: str | None
    region: str | None
    max_concurrent: int | None
    max_input_bytes: int | None
    payee: str | None = None
    """Whom a voucher pays: the agent's wallet, or its owner."""


@dataclass(frozen=True)
class Considered:
    """What was known of a candidate: milliseconds, calls on their way, the share of calls that succeed."""

    agent_id: int
    price: int
    quality: int
    latency_ms: float
    in_flight: int
    success: float
    probe: bool = False


@dataclass(frozen=True)
class Choice:
    """Who does it, out of whom, and the burden of each."""

    agent_id: int
    reason: str
    considered: tuple[Considered, ...]
    burdens: tuple[float, ...]


def fits(candidate: Candidate, wanted: Wanted) -> bool:
    """Whether an offer is what was asked for, whatever its agent's state."""
    return (
        (wanted.max_price is None or candidate.price <= wanted.max_price)
        and (wanted.min_quality is None or candidate.quality >= wanted.min_quality)
        and (wanted.keeps_to is None or candidate.keeps_to == wanted.keeps_to)
        and (wanted.region is None or candidate.region == wanted.region)
    )


def burden(considered: Considered, prefer: Preference) -> float:
    """Expected milliseconds for a success, times what a verified success costs to the power that is asked for.

    A failure brings a time-out into the mean (app.routing.health), so that fast failures do not look fast.
    """
    success = max(considered.success, LEAST_SUCCESS)
    load = considered.latency_ms * (considered.in_flight + 1) / success
    verified = max(1, considered.price) / (success * max(considered.quality, 1) / WHOLE)
    return float(load * verified ** COST_POWER[prefer])


def chosen(considered: Sequence[Considered], prefer: Preference) -> Choice:
    """The candidate with the least burden; a probe that is due goes first, ties go to the lower id."""
    burdens = tuple(burden(each, prefer) for each in considered)
    due = [each for each in considered if each.probe]
    if due:
        return Choice(due[0].agent_id, "probe", tuple(considered), burdens)
    ranked = sorted(zip(burdens, considered, strict=True), key=lambda pair: (pair[0], pair[1].agent_id))
    reason = "only" if len(considered) == 1 else "less burden"
    return Choice(ranked[0][1].agent_id, reason, tuple(considered), burdens)
