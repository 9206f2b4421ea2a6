"""The published rules of auctions: the kinds, which bids count, who wins and at what price."""

from app.auctions.rules.bidding import (
    AWARD_MARGIN_SECONDS,
    MAX_ATTEMPTS,
    BidFacts,
    Bounds,
    blames_bid,
    is_awardable,
    may_award,
    may_award_and_fund,
    require_bid,
    require_bidding,
    require_offer,
    require_outsider,
    require_quality,
)
from app.auctions.rules.clearing import Candidate, Clearing, clear, rank, score_of
from app.auctions.rules.pricing import extended, highest_allowed, is_over, rising_price
from app.tasks.rules.plans import WHOLE_QUALITY, AuctionKind

__all__ = [
    "AWARD_MARGIN_SECONDS",
    "MAX_ATTEMPTS",
    "WHOLE_QUALITY",
    "AuctionKind",
    "BidFacts",
    "Bounds",
    "Candidate",
    "Clearing",
    "blames_bid",
    "clear",
    "extended",
    "highest_allowed",
    "is_awardable",
    "is_over",
    "may_award",
    "may_award_and_fund",
    "rank",
    "require_bid",
    "require_bidding",
    "require_offer",
    "require_outsider",
    "require_quality",
    "rising_price",
    "score_of",
]
