"""Reviewing the other party of a finished task, and answering what it said. Nothing here commits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from app.announcements.actions import announce
from app.chain import contracts, signatures, typed_data, typed_reviews
from app.chain.typed_data import Feedback
from app.clock import database_now
from app.database import Digest, Hash32, TaskId
from app.errors import AlreadyRated, AlreadyReplied, NotFound, ReviewsAreLinked
from app.relayer import actions as relayer
from app.relayer.models import Intent
from app.relayer.rules import IntentState, checked_deadline
from app.reputation.queries import are_linked, feedback_on
from app.reputation.reviews import publishing, queries, rules
from app.reputation.reviews.models import Review, ReviewReply, ReviewWindow, SealedReview
from app.reputation.reviews.rules import OPEN_FOR, Opinion, Reviewer, Side
from app.reputation.rules import TAG
from app.tasks.queries import TaskView, failed_intents
from app.tasks.signing import Desk, Message, Signable
from app.tasks.sponsoring import open_pot


@dataclass(frozen=True)
class Taken:
    """What became of a review: held until `closes_at` at most, or published; `intent` carries a buyer's."""

    closes_at: datetime
    published: bool
    intent: Intent | None = None


async def prepare(desk: Desk, task_id: TaskId, opinion: Opinion, deadline: int | None) -> Message:
    """What the party signs. Refuses whatever `review` would."""
    view = await desk.glance(task_id)
    reviewer = await reviewer_of(desk, view)
    now = await database_now(desk.session)
    window = await queries.window_of(desk.session, task_id)
    if window is not None and not await may_carry_again(desk, window, reviewer.side, opinion):
        rules.require_open(window, now)
    closes_at = now + OPEN_FOR if window is None else max(now, window.closes_at)
    return await message_of(desk, view, reviewer, opinion, deadline_of(view, reviewer, deadline, closes_at, now))


async def review(desk: Desk, task_id: TaskId, opinion: Opinion, deadline: int | None, signature: bytes) -> Taken:
    """Seals a review in the place of the author's earlier one, and publishes both where it is the second.

    The same request again finds what the first one did.
    """
    view = await desk.task(task_id)
    reviewer = await reviewer_of(desk, view, again=True)
    window = await publishing.opened(desk.session, task_id, reviewer.agent_id, view.task.buyer)
    shown = await queries.review_of(desk.session, task_id, reviewer.side)
    if shown is not None and shown.signature == signature and shown.author == desk.account:
        return Taken(window.closes_at, published=True, intent=await queries.intent_of(desk.session, shown))
    await reviewer_of(desk, view)
    if shown is not None and await may_carry_again(desk, window, reviewer.side, opinion):
        return await carry_again(desk, view, window, reviewer, shown, deadline, signature)
    now = await database_now(desk.session)
    rules.require_open(window, now)
    until = deadline_of(view, reviewer, deadline, window.closes_at, now)
    message = await message_of(desk, view, reviewer, opinion, until)
    await signatures.verify(desk.chain, message.typed_data, signature, desk.account)
    await seal(desk, task_id, reviewer, opinion, message, signature)
    if not rules.is_due(window, await queries.spoken(desk.session, task_id), now):
        return Taken(window.closes_at, published=False)
    await publishing.publish(desk.session, window)
    shown = await queries.review_of(desk.session, task_id, reviewer.side)
    intent = None if shown is None else await queries.intent_of(desk.session, shown)
    return Taken(window.closes_at, published=True, intent=intent)


async def reviewer_of(desk: Desk, view: TaskView, *, again: bool = False) -> Reviewer:
    """The asker's part. Raises where he may not speak; `again`: where he may have spoken, that is no fault."""
    reviewer = rules.may_review(view, view.escrow, desk.account, view.clock.finalized_number)
    if again:
        return reviewer
    if await are_linked(desk.session, view.task_id):
        raise ReviewsAreLinked(buyer=view.task.buyer, agent_id=reviewer.agent_id)
    if reviewer.side is Side.BUYER and await feedback_on(desk.session, view.task_id) is not None:
        raise AlreadyRated(task_id=view.task_id)
    return reviewer


def deadline_of(
    view: TaskView, reviewer: Reviewer, deadline: int | None, closes_at: datetime, now: datetime
) -> int | None:
    """Until when the registry takes a buyer's signature; an agent's goes nowhere and has no end."""
    if reviewer.side is Side.AGENT:
        return None
    return rules.feedback_deadline(deadline, view.time, closes_at, now)


async def message_of(desk: Desk, view: TaskView, reviewer: Reviewer, opinion: Opinion, deadline: int | None) -> Message:
    """The buyer signs what the registry takes, the agent a message of ours over the same facts."""
    if deadline is not None:
        return rating(desk, view, reviewer.agent_id, opinion, deadline)
    said = (reviewer.agent_id, view.task.buyer, opinion.stars, Digest(Hash32(opinion.digest)))
    return Message(typed_reviews.buyer_review(desk.deployment, view.task_id, *said), None)


def rating(desk: Desk, view: TaskView, agent_id: int, opinion: Opinion, deadline: int) -> Signable:
    """The opinion in ERC-8004's words, and the call that takes it to the registry."""
    terms = view.task.terms
    feedback = Feedback(
        agent_id=agent_id,
        value=opinion.stars,
        value_decimals=0,
        tag1=TAG,
        tag2=view.task.capability,
        endpoint="",
        feedback_uri="",
        feedback_hash=Hash32(opinion.digest),
    )
    return Signable(
        typed_data=typed_data.task_feedback(desk.deployment, view.task_id, feedback, deadline),
        deadline=deadline,
        verb=publishing.VERB,
        task_id=view.task_id,
        to=desk.deployment.reputation,
        call=lambda signature: contracts.give_task_feedback(terms, feedback, contracts.pack_auth(deadline, signature)),
    )


async def seal(
    desk: Desk, task_id: TaskId, reviewer: Reviewer, opinion: Opinion, message: Message, signature: bytes
) -> None:
    """Keeps a review where nobody reads it; the author's later one takes its place."""
    row = {
        "author": desk.account,
        "stars": opinion.stars,
        "comment": opinion.comment,
        "comment_digest": opinion.digest,
        "signature": signature,
        "to_address": message.to if isinstance(message, Signable) else None,
        "calldata": message.call(signature) if isinstance(message, Signable) else None,
    }
    upsert = insert(SealedReview).values(task_id=task_id, side=reviewer.side, **row)
    row["sealed_at"] = func.clock_timestamp()
    await desk.session.execute(upsert.on_conflict_do_update(index_elements=["task_id", "side"], set_=row))
    await open_pot(desk.session, task_id, desk.fee_bps)


async def may_carry_again(desk: Desk, window: ReviewWindow, side: Side, opinion: Opinion) -> bool:
    """Whether a buyer's published review has not reached the registry: then he may sign the same words anew."""
    shown = await queries.review_of(desk.session, window.task_id, side)
    if shown is None or window.closed_at is None:
        return False
    intent = await queries.intent_of(desk.session, shown)
    same = (shown.stars, shown.comment) == (opinion.stars, opinion.comment)
    return same and intent is not None and intent.state == IntentState.FAILED


async def carry_again(
    desk: Desk,
    view: TaskView,
    window: ReviewWindow,
    reviewer: Reviewer,
    shown: Review,
    deadline: int | None,
    signature: bytes,
) -> Taken:
    """A new intent for a published rating whose first one failed for good. Stars and words stay."""
    until = checked_deadline(deadline, view.time)
    opinion = Opinion(shown.stars, shown.comment or "")
    message = rating(desk, view, reviewer.agent_id, opinion, until)
    await signatures.verify(desk.chain, message.typed_data, signature, desk.account)
    failures = await failed_intents(desk.session, view.task_id, [publishing.VERB])
    intent = await relayer.enqueue(
        desk.session,
        key=f"{publishing.VERB}:{view.task_id}:{failures}",
        verb=publishing.VERB,
        task_id=view.task_id,
        account=desk.account,
        to=message.to,
        data=message.call(signature),
    )
    shown.intent_id, shown.signature = intent.id, signature
    return Taken(window.closes_at, published=True, intent=intent)


async def prepare_reply(desk: Desk, task_id: TaskId, side: Side, words: str) -> Message:
    """What the reviewed party signs to answer a published review. Raises NotFound while it is none, AlreadyReplied."""
    view = await desk.glance(task_id)
    rules.may_reply(view, desk.account, side)
    shown = await queries.review_of(desk.session, task_id, side)
    if shown is None:
        raise NotFound(kind="review")
    known = await queries.reply_to(desk.session, task_id, side)
    digest = Digest(Hash32(rules.digest_of(words)))
    if known is not None and known.reply_digest != digest:
        raise AlreadyReplied(task_id=task_id)
    return Message(typed_reviews.review_reply(desk.deployment, task_id, shown.author, digest), None)


async def reply(desk: Desk, task_id: TaskId, side: Side, words: str, signature: bytes) -> ReviewReply:
    """Puts the answer beside the review, once; the same again changes nothing."""
    message = await prepare_reply(desk, task_id, side, words)
    await signatures.verify(desk.chain, message.typed_data, signature, desk.account)
    digest = Digest(Hash32(rules.digest_of(words)))
    row = {"author": desk.account, "reply": words, "reply_digest": digest, "signature": signature}
    fresh = insert(ReviewReply).values(task_id=task_id, side=side, **row).on_conflict_do_nothing()
    stored = (await desk.session.scalars(fresh.returning(ReviewReply))).one_or_none()
    if stored is not None:
        said = {"side": side, "author": desk.account, "reply_digest": digest, "signature": "0x" + signature.hex()}
        await announce(desk.session, "review.answered", f"task:{task_id}", said)
        return stored
    known = await queries.reply_to(desk.session, task_id, side)
    if known is None or known.reply_digest != digest:
        raise AlreadyReplied(task_id=task_id)
    return known
