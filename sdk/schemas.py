"""What the service answers, as typed values. Unknown members are ignored, so that it may grow."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sdk.terms import Bid, Terms


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Intent(Answer):
    """A signed wish on its way to the chain: queued, simulated, sent, mined, final or failed."""

    id: str
    verb: str
    task_id: str | None = None
    state: str
    reason: str | None = None
    error: dict[str, Any] | None = None
    tx_hash: str | None = None


class EscrowView(Answer):
    """The mirrored escrow; amounts in base units."""

    state: str
    remaining: int
    since: int
    agent_id: int | None = None
    agent: str | None = None
    payee: str | None = None
    price: int | None = None
    deliverable: str | None = None
    disputed_by: str | None = None
    evidence: str | None = None
    paid: int = 0
    fees: int = 0
    refunded: int = 0
    share_bps: int | None = None
    by_default: bool | None = None


class AuctionView(Answer):
    """`winner` (a bid's digest), price and transcript are there once the award is decided; `min_quality` is the least
    that a bidder's may be at the opening, in millionths."""

    kind: str
    min_quality: int | None = None
    closes_at: datetime | None = None
    closed_at: datetime | None = None
    winner: str | None = None
    price: int | None = None
    transcript: str | None = None


ENDED = frozenset({"released", "claimed", "settled", "ruled", "refunded"})
"""States of a task that is over."""


class Task(Answer):
    task_id: str
    title: str
    capability: str
    visibility: str
    terms_wire: dict[str, Any] = Field(alias="terms")
    state: str
    finality: str | None = None
    escrow: EscrowView | None = None
    auction: AuctionView | None = None
    reason: str | None = None
    warnings: list[str] = []

    @property
    def terms(self) -> Terms:
        return Terms.from_wire(self.terms_wire)


class Carried(Answer):
    """`intent` is None where the other party still has to agree."""

    intent: Intent | None = None
    offer: dict[str, Any] | None = None


class Agent(Answer):
    """`reviews` are those of buyers that stand, `mean_hundredths` the mean of their stars."""

    agent_id: int
    owner: str
    uri: str | None = None
    wallet: str | None = None
    finality: str | None = None
    reviews: int = 0
    mean_hundredths: int | None = None


class ReviewTaken(Answer):
    """`state` is sealed until the other has spoken or the window ends at `closes_at`, then published; `intent` carries
    a buyer's rating to the registry."""

    state: str
    closes_at: datetime
    intent: Intent | None = None


class Reply(Answer):
    author: str
    reply: str
    signature: str


class Review(Answer):
    """A published review of `side` (buyer or agent); `author` signed it. `comment` is None where its words are not
    those that the registry names."""

    task_id: str
    side: str
    agent_id: int
    buyer: str
    author: str
    stars: int
    comment: str | None = None
    comment_digest: str
    signature: str | None = None
    finality: str | None = None
    reply: Reply | None = None


class Tally(Answer):
    """How many reviews stand, and the mean of their stars in hundredths."""

    reviews: int
    by_stars: dict[int, int]
    mean_hundredths: int | None = None


class ReviewPage(Answer):
    """A page of reviews, newest first; `tally` is over all of them."""

    items: list[Review]
    next_cursor: str | None = None
    tally: Tally


class TaskReviews(Answer):
    """What was published of a task; whether one's own review is held."""

    items: list[Review]
    yours_is_sealed: bool


class BuyerRecord(Answer):
    """How a buyer's tasks ended to which an agent had agreed; `parted` were given up by both together."""

    address: str
    ended: int
    paid: int
    parted: int
    parted_bps: int
    spent: int
    tally: Tally


class Listing(Answer):
    id: str
    agent_id: int
    capability: str
    title: str


class Hit(Listing):
    """A listing that a search found; `stars` is the mean of final reviews as text, None without one; `score` is in
    millionths, `delivery_seconds` a median, both None where too little is known."""

    price: int | None = None
    pricing: str
    stars: str | None = None
    reviews: int
    delivered: int
    alive: bool
    score: int | None = None
    delivery_seconds: int | None = None


class Found(Answer):
    """A page of a search. `corrected` is what was searched for instead of misspelt words, `matched` whether all words
    were found together, any of them, or none and the meaning alone. `by` is what the search went by (words, meaning,
    both), `fell_back` why that is not what was asked for."""

    items: list[Hit]
    next_cursor: str | None = None
    matched: str
    corrected: str | None = None
    by: str = "words"
    fell_back: str | None = None
    facets: dict[str, Any] | None = None


class PlacedBid(Answer):
    """A bid as listed after the close, or one's own before it."""

    bid_digest: str
    bid_wire: dict[str, Any] = Field(alias="bid")

    @property
    def offer(self) -> Bid:
        return Bid.from_wire(self.bid_wire)


class CounterOffer(Answer):
    """What a buyer would pay for a bid, in base units."""

    bid_digest: str
    number: int
    price: int
    words: str
    declined_at: datetime | None = None


class Announcement(Answer):
    """One thing that happened to a subject. Positions only grow."""

    position: int
    topic: str
    subject: str
    payload: dict[str, Any]


class Stored(Answer):
    digest: str
    size: int
    media_type: str


class Page(Answer):
    items: list[dict[str, Any]]
    next_cursor: str | None = None
