"""The record of one decision, in one canonical form: its SHA-256 goes on chain with the award.

Whoever reads it can check every signature and commitment, apply the published rule and come to the same winner and
price (sdk/transcripts.py does).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.auctions.models import BidCommit, PlacedBid
from app.auctions.rules import AuctionKind, Candidate, Clearing
from app.database import Hash32
from app.tasks.models import Auction

MEDIA_TYPE = "application/json"
VERSION = 2


@dataclass(frozen=True)
class Frame:
    """What was fixed at the opening. Amounts are base units, qualities millionths by agent, `prior` the others'."""

    kind: AuctionKind
    budget: int
    value: int
    seed: Hash32
    qualities: Mapping[int, int]
    prior: int
    opening: Mapping[str, object]


@dataclass(frozen=True)
class Considered:
    """A bid, whether it could win when the award was decided, and what the rule saw of it."""

    bid: PlacedBid
    awardable: bool
    candidate: Candidate


@dataclass(frozen=True)
class Decision:
    """Everything that a decision rests on, and what came of it."""

    frame: Frame
    considered: Sequence[Considered]
    result: Clearing


def transcript_of(
    auction: Auction, attempt: int, chain_time: int, commits: Sequence[BidCommit], decision: Decision
) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; amounts are strings of base units."""
    frame, result = decision.frame, decision.result
    document = {
        "version": VERSION,
        "task_id": auction.task_id,
        "round": auction.round,
        "opening": frame.opening,
        "value": str(frame.value),
        "seed": frame.seed,
        "commit_root": auction.commit_root,
        "commits": [commit_record(each) for each in commits],
        "attempt": attempt,
        "chain_time": chain_time,
        "bids": [bid_record(each) for each in decision.considered],
        "winner": result.winner,
        "price": str(result.price),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def commit_record(commit: BidCommit) -> dict[str, object]:
    """One commitment, revealed or not."""
    return {
        "agent_id": commit.agent_id,
        "agent": commit.agent,
        "commitment": commit.commitment,
        "signature": "0x" + commit.signature.hex(),
        "revealed": commit.revealed_at is not None,
    }


def bid_record(considered: Considered) -> dict[str, object]:
    """One bid with its signature, the quality it was scored with, and why it could not win."""
    placed = considered.bid
    accepted = placed.accepted_price
    return {
        "digest": placed.digest,
        "bid": placed.bid.message() | {"minPrice": str(placed.min_price)},
        "signature": "0x" + placed.signature.hex(),
        "quality": considered.candidate.quality,
        "accepted_price": None if accepted is None else str(accepted),
        "struck": placed.struck_reason,
        "awardable": considered.awardable,
    }
