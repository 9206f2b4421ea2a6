"""Every SELECT of reviews: what is published, and what those who seal and publish must know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.agents.models import StandingReview
from app.database import Address, TaskId
from app.escrow.models import Escrow
from app.escrow.queries import ended_by
from app.escrow.rules import Refund, State
from app.relayer.models import Intent
from app.reputation.mirror_models import Feedback
from app.reputation.queries import IS_RATING
from app.reputation.reviews.models import Review, ReviewReply, ReviewWindow, SealedReview
from app.reputation.reviews.rules import BuyerRecord, Side, Tally
from app.tasks.models import Task


@dataclass(frozen=True)
class Published:
    """A review as it is read: beside it the registry's entry, where it has one, and the answer."""

    review: Review
    feedback: Feedback | None
    reply: ReviewReply | None
    capability: str | None


async def window_of(session: AsyncSession, task_id: TaskId, *, locked: bool = False) -> ReviewWindow | None:
    """`locked` holds it until the transaction ends, so that sealing and publishing decide in turn."""
    wanted = select(ReviewWindow).where(ReviewWindow.task_id == task_id)
    wanted = wanted.with_for_update().execution_options(populate_existing=True) if locked else wanted
    return (await session.scalars(wanted)).one_or_none()


async def sealed_of(session: AsyncSession, task_id: TaskId) -> list[SealedReview]:
    """What is sealed of a task: for publishing alone."""
    return list(await session.scalars(select(SealedReview).where(SealedReview.task_id == task_id)))


async def has_sealed(session: AsyncSession, task_id: TaskId, author: Address) -> bool:
    """Whether a review of this author is held."""
    held = exists().where(SealedReview.task_id == task_id, SealedReview.author == author)
    return bool(await session.scalar(select(held)))


async def spoken(session: AsyncSession, task_id: TaskId) -> set[Side]:
    """Who has said something of a task: sealed here, or published, which the registry does past us."""
    held = select(SealedReview.side).where(SealedReview.task_id == task_id)
    shown = select(Review.side).where(Review.task_id == task_id)
    return {Side(side) for side in await session.scalars(held.union(shown))}


async def due_windows(session: AsyncSession, limit: int) -> list[ReviewWindow]:
    """Windows whose time is over or whose both sides have spoken, locked for the caller."""
    overdue = select(ReviewWindow.task_id).where(
        ReviewWindow.closed_at.is_(None), ReviewWindow.closes_at <= func.clock_timestamp()
    )
    of_buyer = aliased(SealedReview)
    told = or_(
        exists().where(of_buyer.task_id == SealedReview.task_id, of_buyer.side == Side.BUYER),
        exists().where(Review.task_id == SealedReview.task_id, Review.side == Side.BUYER),
    )
    both = select(SealedReview.task_id).where(SealedReview.side == Side.AGENT, told)
    due = overdue.limit(limit).union(both.limit(limit)).subquery()
    wanted = (
        select(ReviewWindow)
        .where(ReviewWindow.task_id.in_(select(due.c.task_id)), ReviewWindow.closed_at.is_(None))
        .order_by(ReviewWindow.task_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(wanted))


async def review_of(session: AsyncSession, task_id: TaskId, side: Side) -> Review | None:
    """A published review."""
    return (await session.scalars(select(Review).where(Review.task_id == task_id, Review.side == side))).one_or_none()


async def intent_of(session: AsyncSession, review: Review) -> Intent | None:
    """What carries a buyer's review to the registry."""
    return None if review.intent_id is None else await session.get(Intent, review.intent_id)


async def reply_to(session: AsyncSession, task_id: TaskId, side: Side) -> ReviewReply | None:
    """The answer to a review."""
    wanted = select(ReviewReply).where(ReviewReply.task_id == task_id, ReviewReply.side == side)
    return (await session.scalars(wanted)).one_or_none()


async def reviews_of_task(session: AsyncSession, task_id: TaskId) -> list[Published]:
    """Both published reviews of a task, the buyer's first."""
    order = case((Review.side == Side.BUYER, 0), else_=1)
    return await published(session, reviews().where(Review.task_id == task_id).order_by(order))


async def reviews_of_agent(
    session: AsyncSession, agent_id: int, after: tuple[Any, ...] | None, limit: int
) -> list[Published]:
    """What buyers said of an agent and did not revoke, newest first, from below `after` (time, task)."""
    return await newest(session, and_(Review.agent_id == agent_id, Review.side == Side.BUYER), after, limit)


async def reviews_of_buyer(
    session: AsyncSession, buyer: Address, after: tuple[Any, ...] | None, limit: int
) -> list[Published]:
    """What agents said of a buyer, newest first, from below `after` (time, task)."""
    return await newest(session, and_(Review.buyer == buyer, Review.side == Side.AGENT), after, limit)


async def newest(
    session: AsyncSession, whose: ColumnElement[bool], after: tuple[Any, ...] | None, limit: int
) -> list[Published]:
    found = reviews().where(whose)
    if after is not None:
        found = found.where(tuple_(Review.published_at, Review.task_id) < after)
    return await published(session, found.order_by(Review.published_at.desc(), Review.task_id.desc()).limit(limit))


def reviews() -> Select[*tuple[Any, ...]]:
    """Published reviews that stand, with what is shown beside them."""
    rated = and_(Review.side == Side.BUYER, Feedback.task_id == Review.task_id, IS_RATING)
    replied = and_(ReviewReply.task_id == Review.task_id, ReviewReply.side == Review.side)
    return (
        select(Review, Feedback, ReviewReply, func.coalesce(Task.capability, Feedback.tag2))
        .outerjoin(Feedback, rated)
        .outerjoin(ReviewReply, replied)
        .outerjoin(Task, Task.task_id == Review.task_id)
        .where(Feedback.revoked.is_not(True))
    )


async def published(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> list[Published]:
    """Runs a query of `reviews`."""
    rows: Iterable[Any] = await session.execute(query)
    return [Published(review, feedback, reply, capability) for review, feedback, reply, capability in rows]


async def tally_of_agent(session: AsyncSession, agent_id: int) -> Tally:
    """What buyers gave an agent."""
    of_agent = StandingReview.agent_id == agent_id, StandingReview.side == Side.BUYER
    return await tally(session, *of_agent)


async def tally_of_buyer(session: AsyncSession, buyer: Address) -> Tally:
    """What agents gave a buyer."""
    return await tally(session, StandingReview.buyer == buyer, StandingReview.side == Side.AGENT)


async def tally(session: AsyncSession, *whose: ColumnElement[bool]) -> Tally:
    counted = select(StandingReview.stars, func.count()).where(*whose).group_by(StandingReview.stars)
    return Tally({row.stars: row[1] for row in await session.execute(counted)})


async def record_of_buyer(session: AsyncSession, buyer: Address, finalized: int) -> BuyerRecord:
    """How this buyer's tasks ended for good, of those to which an agent had agreed."""
    paid = and_(Escrow.state != State.REFUNDED, Escrow.paid > 0)
    parted = and_(Escrow.state == State.REFUNDED, Escrow.refund_reason == Refund.CANCELLED_TOGETHER)
    sums = select(
        func.count(),
        func.count().filter(paid),
        func.count().filter(parted),
        func.coalesce(func.sum(Escrow.paid), 0),
    ).where(
        Escrow.buyer == buyer,
        Escrow.agent_id.is_not(None),
        ended_by(finalized),
    )
    return BuyerRecord(*(int(each) for each in (await session.execute(sums)).one()))


async def ratings_between(session: AsyncSession, after: int, final: int, limit: int) -> Sequence[Feedback]:
    """Ratings that have become final since and have no review here, oldest first: they came past this service."""
    known = exists().where(Review.task_id == Feedback.task_id, Review.side == Side.BUYER)
    wanted = select(Feedback).where(IS_RATING, Feedback.last_block > after, Feedback.last_block <= final, ~known)
    return (await session.scalars(wanted.order_by(Feedback.block_number, Feedback.task_id).limit(limit))).all()
