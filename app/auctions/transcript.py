"""The record of one decision, in one canonical form: its SHA-256 goes on chain with the award.

Whoever reads it can check every signature, apply the published rule and come to the same winner and price.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from app.auctions.models import PlacedBid
from app.auctions.rules import Clearing

MEDIA_TYPE = "application/json"


@dataclass(frozen=True)
class Considered:
    """A bid and whether it could win when the award was decided."""

    bid: PlacedBid
    awardable: bool


def transcript_of(
    task_id: str, kind: str, budget: int, attempt: int, chain_time: int, bids: Iterable[Considered], result: Clearing
) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; amounts are strings of base units."""
    document = {
        "version": 1,
        "task_id": task_id,
        "kind": kind,
        "budget": str(budget),
        "attempt": attempt,
        "chain_time": chain_time,
        "bids": [bid_record(considered) for considered in bids],
        "winner": result.winner,
        "price": str(result.price),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def bid_record(considered: Considered) -> dict[str, object]:
    """One bid with its signature, and why it could not win."""
    placed = considered.bid
    message = placed.bid.message() | {"minPrice": str(placed.min_price)}
    return {
        "digest": placed.digest,
        "bid": message,
        "signature": "0x" + placed.signature.hex(),
        "struck": placed.struck_reason,
        "awardable": considered.awardable,
    }
