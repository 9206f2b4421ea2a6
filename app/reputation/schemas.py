"""Wire shapes of reviews and of an agent's record."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.escrow.queries import ChainClock
from app.escrow.schemas import Finality, finality_of
from app.reputation.actions import Opinion
from app.reputation.mirror_models import Feedback
from app.reputation.models import Review
from app.reputation.rules import MAX_STARS, MIN_STARS, Record
from app.tasks.schemas import Asked, Signed
from app.web.fields import AddressField, Amount, Hash32Field, TaskIdField, Text

Stars = Annotated[int, Field(strict=True, ge=MIN_STARS, le=MAX_STARS)]
Comment = Annotated[Text, Field(max_length=4000)]


class ReviewAsked(Asked):
    stars: Stars
    comment: Comment = ""

    def opinion(self) -> Opinion:
        """The request as the action takes it."""
        return Opinion(self.stars, self.comment)


class ReviewSigned(Signed):
    stars: Stars
    comment: Comment = ""

    def opinion(self) -> Opinion:
        """The request as the action takes it."""
        return Opinion(self.stars, self.comment)


class ReviewOut(BaseModel):
    """A review as the registry has it; `comment` is null where its words were not written here."""

    task_id: TaskIdField
    agent_id: int
    client: AddressField
    stars: int
    capability: str
    comment: str | None
    comment_digest: Hash32Field
    block_number: int
    tx_hash: Hash32Field
    finality: Finality
    created_at: datetime | None


class ReputationOut(BaseModel):
    """What finished tasks and final reviews say. `mean_stars` is a decimal with two places, null without reviews.

    `delivered` tasks were paid for, `unpaid` ones were ruled or settled at nothing, `abandoned` ones the agent left or
    let go past their deadline after he had agreed. Amounts are base units, gross of fees.
    """

    agent_id: int
    delivered: int
    unpaid: int
    abandoned: int
    earned: Amount
    reviews: int
    mean_stars: str | None


def review_out(feedback: Feedback, review: Review | None, clock: ChainClock) -> ReviewOut:
    """A review; its words only where they are those that the registry's digest names."""
    words = review if review is not None and review.comment_digest == feedback.feedback_hash else None
    return ReviewOut(
        task_id=feedback.task_id,
        agent_id=feedback.agent_id,
        client=feedback.client,
        stars=feedback.value,
        capability=feedback.tag2,
        comment=None if words is None else words.comment,
        comment_digest=feedback.feedback_hash,
        block_number=feedback.block_number,
        tx_hash=feedback.tx_hash,
        finality=finality_of(feedback.last_block, clock),
        created_at=None if words is None else words.created_at,
    )


def reputation_out(agent_id: int, record: Record) -> ReputationOut:
    """The wire shape of a record."""
    mean = record.mean_hundredths
    return ReputationOut(
        agent_id=agent_id,
        delivered=record.delivered,
        unpaid=record.unpaid,
        abandoned=record.abandoned,
        earned=record.earned,
        reviews=record.reviews,
        mean_stars=None if mean is None else f"{mean // 100}.{mean % 100:02d}",
    )
