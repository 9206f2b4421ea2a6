"""Who wins a closed auction and what he is paid. Pure; amounts are base units, qualities millionths.

score = value x quality - price. Under the second-score rule (Che 1993, with the quality known to the auctioneer
instead of bid) the winner is paid what would have left him with the second-best score, so that to ask for one's own
cost is the best one can do, whatever the others ask; quality comes from the reputation, never from the bidder.
Scores are compared as exact integers, value x quality - price x 1,000,000: nothing is rounded before the payment,
which is rounded down to whole base units. Where the buyer asks for a least quality, who is below it is not eligible
and moves no price, whatever the kind: it is fixed at the opening, and bids do not change it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.tasks.rules.plans import WHOLE_QUALITY, AuctionKind


@dataclass(frozen=True)
class Candidate:
    """A bid that may win. `ask` is the least that it is paid: its price, or what a Dutch auction offered when it came.
    `tie` is the hash of its digest and the auction's seed, as a number."""

    digest: str
    ask: int
    quality: int
    tie: int


@dataclass(frozen=True)
class Clearing:
    """Who wins, and what he is paid."""

    winner: str
    price: int


def score_of(candidate: Candidate, value: int) -> int:
    """value x quality - price, in millionths of a base unit."""
    return value * candidate.quality - candidate.ask * WHOLE_QUALITY


def clear(
    kind: AuctionKind, candidates: Iterable[Candidate], budget: int, value: int, min_quality: int = 0
) -> Clearing | None:
    """The rule of a kind over the bids that may win; None where nobody is eligible."""
    ranked = rank(kind, candidates, budget, value, min_quality)
    if not ranked:
        return None
    best = ranked[0]
    if kind is not AuctionKind.SEALED_SECOND_SCORE:
        return Clearing(best.digest, best.ask)
    second = score_of(ranked[1], value) if len(ranked) > 1 else 0
    return Clearing(best.digest, min(budget, (value * best.quality - max(0, second)) // WHOLE_QUALITY))


def rank(
    kind: AuctionKind, candidates: Iterable[Candidate], budget: int, value: int, min_quality: int = 0
) -> Sequence[Candidate]:
    """Those eligible, best first: by score where the kind is sealed, else by price; ties to the lower price, then to
    the lower `tie`."""
    within = [each for each in candidates if each.ask <= budget and each.quality >= min_quality]
    if not kind.is_sealed:
        return sorted(within, key=lambda each: (each.ask, each.tie))
    eligible = [candidate for candidate in within if score_of(candidate, value) >= 0]
    return sorted(eligible, key=lambda each: (-score_of(each, value), each.ask, each.tie))
