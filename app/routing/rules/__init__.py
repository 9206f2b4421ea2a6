"""What routing decides. Pure: times are seconds of one monotonic clock, passed in."""

from app.routing.rules.breaker import Breaker, Permit, Phase, after, permit, probing
from app.routing.rules.choice import Candidate, Choice, Considered, Wanted, chosen, fits
from app.routing.rules.latency import Latency, observed, seen_at

__all__ = [
    "Breaker",
    "Candidate",
    "Choice",
    "Considered",
    "Latency",
    "Permit",
    "Phase",
    "Wanted",
    "after",
    "chosen",
    "fits",
    "observed",
    "permit",
    "probing",
    "seen_at",
]
