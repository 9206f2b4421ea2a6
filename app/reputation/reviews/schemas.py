"""Wire shapes of reviews."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.escrow.queries import ChainClock
from app.escrow.schemas import Finality, finality_of
from app.relayer.schemas import IntentOut
from app.reputation.reviews.actions import Taken
from app.reputation.reviews.models import ReviewReply, ReviewWindow
from app.reputation.reviews.queries import Published
from app.reputation.reviews.rules import MAX_COMMENT, MAX_REPLY, BuyerRecord, Opinion, Side, Tally
from app.reputation.rules import MAX_STARS, MIN_STARS, share_bps
from app.tasks.schemas import Asked
from app.web.fields import AddressField, Amount, Hash32Field, Signature, TaskIdField, Text, WireModel

Stars = Annotated[int, Field(strict=True, ge=MIN_STARS, le=MAX_STARS)]
Comment = Annotated[Text, Field(max_length=MAX_COMMENT)]
ReplyWords = Annotated[Text, Field(min_length=1, max_length=MAX_REPLY)]


class ReviewAsked(Asked):
    """`deadline` is the buyer's alone: what an agent signs goes nowhere and has no end."""

    stars: Stars
    comment: Comment = ""

    def opinion(self) -> Opinion:
        """The request as the action takes it."""
        return Opinion(self.stars, self.comment)


class ReviewSigned(ReviewAsked):
    signature: Signature


class ReplyAsked(WireModel):
    reply: ReplyWords


class ReplySigned(ReplyAsked):
    signature: Signature


class ReviewTaken(BaseModel):
    """What became of a review: sealed until `closes_at` at most, or published because both are in. `intent` carries a
    buyer's to the registry then."""

    state: Literal["sealed", "published"]
    closes_at: datetime
    intent: IntentOut | None


class ReplyOut(BaseModel):
    author: AddressField
    reply: str
    signature: str
    created_at: datetime


class ReviewOut(BaseModel):
    """A published review of `side`: a buyer's of the agent, an agent's of the buyer.

    A buyer's stars are the registry's where it has them: `finality` is pending until its block is final, and `comment`
    is null where its words are not those of the registry's digest. An agent's has no block: `finality` is null.
    """

    task_id: TaskIdField
    side: Side
    agent_id: int
    buyer: AddressField
    author: AddressField
    stars: int
    capability: str | None
    comment: str | None
    comment_digest: Hash32Field
    signature: str | None
    block_number: int | None
    tx_hash: Hash32Field | None
    finality: Finality | None
    published_at: datetime
    reply: ReplyOut | None


class TallyOut(BaseModel):
    """How many reviews stand, how many gave each number of stars, and their mean in hundredths, rounded."""

    reviews: int
    by_stars: dict[str, int]
    mean_hundredths: int | None


class ReviewsOut(BaseModel):
    """A page of reviews; `tally` is over all of them."""

    items: list[ReviewOut]
    next_cursor: str | None
    tally: TallyOut


class WindowOut(BaseModel):
    """When a task's reviews are taken. `closed_at` is when they were published."""

    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None


class TaskReviewsOut(BaseModel):
    """A task's published reviews. `window` is null before its end is final; `yours_is_sealed` tells the asker of his
    own review alone: whether the other has spoken is nobody's to know."""

    items: list[ReviewOut]
    window: WindowOut | None
    yours_is_sealed: bool


class BuyerOut(BaseModel):
    """How a buyer's tasks ended to which an agent had agreed, and what agents say of him; only ends that are final.

    `parted` ones were given up by both together, `parted_bps` is their share of all. `spent` is base units, gross of
    fees.
    """

    address: AddressField
    ended: int
    paid: int
    parted: int
    parted_bps: int
    spent: Amount
    tally: TallyOut


def taken_out(taken: Taken) -> ReviewTaken:
    """The answer to a signed review."""
    intent = None if taken.intent is None else IntentOut.of(taken.intent)
    return ReviewTaken(state="published" if taken.published else "sealed", closes_at=taken.closes_at, intent=intent)


def review_out(found: Published, clock: ChainClock) -> ReviewOut:
    """A review; its words only where they are those that the registry's digest names."""
    review, rated = found.review, found.feedback
    is_same = rated is None or rated.feedback_hash == review.comment_digest
    signature = review.signature if is_same else None
    finality = None if review.side == Side.AGENT else "pending"
    return ReviewOut(
        task_id=review.task_id,
        side=Side(review.side),
        agent_id=review.agent_id,
        buyer=review.buyer,
        author=review.author,
        stars=review.stars if rated is None else rated.value,
        capability=found.capability,
        comment=review.comment if is_same else None,
        comment_digest=review.comment_digest if rated is None else rated.feedback_hash,
        signature=None if signature is None else "0x" + signature.hex(),
        block_number=None if rated is None else rated.block_number,
        tx_hash=None if rated is None else rated.tx_hash,
        finality=finality if rated is None else finality_of(rated.last_block, clock),
        published_at=review.published_at,
        reply=None if found.reply is None else reply_out(found.reply),
    )


def reply_out(reply: ReviewReply) -> ReplyOut:
    """An answer with its signature."""
    return ReplyOut(
        author=reply.author, reply=reply.reply, signature="0x" + reply.signature.hex(), created_at=reply.created_at
    )


def tally_out(tally: Tally) -> TallyOut:
    """The wire shape of a tally."""
    return TallyOut(
        reviews=tally.reviews,
        by_stars={str(stars): count for stars, count in tally.by_stars.items()},
        mean_hundredths=tally.mean_hundredths,
    )


def window_out(window: ReviewWindow | None) -> WindowOut | None:
    """The wire shape of a window."""
    if window is None:
        return None
    return WindowOut(opened_at=window.opened_at, closes_at=window.closes_at, closed_at=window.closed_at)


def buyer_out(address: str, record: BuyerRecord, tally: Tally) -> BuyerOut:
    """The wire shape of a buyer's record."""
    return BuyerOut(
        address=address,
        ended=record.ended,
        paid=record.paid,
        parted=record.parted,
        parted_bps=share_bps(record.parted, record.ended),
        spent=record.spent,
        tally=tally_out(tally),
    )
