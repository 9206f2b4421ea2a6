"""From sealed to shown: opening a task's window, and publishing what both sides said in one transaction.

Nothing here commits. A window is locked by whoever publishes it or seals in it, and is closed once: published twice,
it finds nothing, and the intent of a buyer's rating has the task's own key.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import advance, announce, held_position
from app.clock import database_now
from app.database import Address, Digest, Hash32, TaskId
from app.escrow.queries import chain_clock
from app.relayer import actions as relayer
from app.relayer.models import Intent
from app.reputation.mirror_models import Feedback
from app.reputation.queries import are_linked, feedback_on
from app.reputation.reviews import queries
from app.reputation.reviews.models import Review, ReviewWindow, SealedReview
from app.reputation.reviews.rules import OPEN_FOR, Side

READER = "reviews.final"
VERB = "review"
AT_ONCE = 500

OPEN = text("""
INSERT INTO market.review_windows (task_id, agent_id, buyer, opened_at, closes_at)
SELECT escrow.task_id, escrow.agent_id, escrow.buyer, now.at, now.at + CAST(:open_for AS interval)
FROM chain.escrows AS escrow JOIN market.tasks AS task USING (task_id), (SELECT clock_timestamp() AS at) AS now
WHERE escrow.agent_id IS NOT NULL AND (escrow.state IN (5, 6, 8) OR (escrow.state = 7 AND escrow.paid > 0))
    AND escrow.last_block > :after AND escrow.last_block <= :final
ON CONFLICT DO NOTHING
""")


async def opened(session: AsyncSession, task_id: TaskId, agent_id: int, buyer: Address) -> ReviewWindow:
    """The window of a task that is over for good, locked; made now where no sweep has made it."""
    now = await database_now(session)
    row = {"task_id": task_id, "agent_id": agent_id, "buyer": buyer, "opened_at": now, "closes_at": now + OPEN_FOR}
    await session.execute(insert(ReviewWindow).values(row).on_conflict_do_nothing())
    window = await queries.window_of(session, task_id, locked=True)
    assert window is not None
    return window


async def follow(session: AsyncSession) -> None:
    """Opens windows of tasks that ended, and takes ratings over that reached the registry past this service, up to the
    last final block. Raises ChainNotMirrored."""
    final = (await chain_clock(session)).finalized_number
    done = await held_position(session, READER)
    if done is None or final <= done:
        return
    await session.execute(OPEN, {"open_for": OPEN_FOR, "after": done, "final": final})
    while ratings := await queries.ratings_between(session, done, final, AT_ONCE):
        await take_over(session, ratings)
    await advance(session, READER, final)


async def publish_due(session: AsyncSession, limit: int) -> int:
    """Publishes what is due, at most so many windows; how many."""
    windows = await queries.due_windows(session, limit)
    for window in windows:
        await publish(session, window)
    return len(windows)


async def publish(session: AsyncSession, window: ReviewWindow) -> None:
    """Shows what is sealed of a task, both sides at once, and closes its window, which the caller has locked.

    Of wallets that have become one account's meanwhile nothing is shown.
    """
    held = await queries.sealed_of(session, window.task_id)
    if not await are_linked(session, window.task_id):
        for sealed in held:
            await show(session, window, sealed)
    await session.execute(delete(SealedReview).where(SealedReview.task_id == window.task_id))
    window.closed_at = await database_now(session)
    await session.flush()


async def show(session: AsyncSession, window: ReviewWindow, sealed: SealedReview) -> None:
    """One review, said once; a buyer's goes to the registry, unless he rated there himself meanwhile."""
    if sealed.calldata is not None:
        rated = await feedback_on(session, window.task_id)
        if rated is not None and rated.feedback_hash != sealed.comment_digest:
            return  # what he said at the registry is his word, and is taken over once it is final
        intent = None if rated is not None else await carry(session, sealed, sealed.calldata)
    else:
        intent = None
    row = {
        "task_id": window.task_id,
        "side": sealed.side,
        "agent_id": window.agent_id,
        "buyer": window.buyer,
        "author": sealed.author,
        "stars": sealed.stars,
        "comment": sealed.comment,
        "comment_digest": sealed.comment_digest,
        "signature": sealed.signature,
        "intent_id": None if intent is None else intent.id,
    }
    await store(session, row)


async def carry(session: AsyncSession, sealed: SealedReview, calldata: bytes) -> Intent:
    """The intent of a buyer's rating, one for each task."""
    assert sealed.to_address is not None
    return await relayer.enqueue(
        session,
        key=f"{VERB}:{sealed.task_id}",
        verb=VERB,
        task_id=sealed.task_id,
        account=sealed.author,
        to=sealed.to_address,
        data=calldata,
    )


async def take_over(session: AsyncSession, ratings: Sequence[Feedback]) -> None:
    """Ratings that are the chain's alone: stars without words."""
    for rating in ratings:
        row = {
            "task_id": rating.task_id,
            "side": Side.BUYER,
            "agent_id": rating.agent_id,
            "buyer": rating.client,
            "author": rating.client,
            "stars": rating.value,
            "comment_digest": Digest(Hash32(rating.feedback_hash)),
        }
        await store(session, row)


async def store(session: AsyncSession, row: Mapping[str, object]) -> None:
    """Stores and announces a published review, unless it is there."""
    fresh = insert(Review).values(row).on_conflict_do_nothing().returning(Review)
    review = (await session.scalars(fresh)).one_or_none()
    if review is None:
        return
    facts = {
        "side": review.side,
        "agent_id": review.agent_id,
        "buyer": review.buyer,
        "stars": review.stars,
        "comment_digest": review.comment_digest,
        "author": review.author,
        "signature": None if review.signature is None else "0x" + review.signature.hex(),
    }
    await announce(session, "review.published", f"task:{review.task_id}", facts)
