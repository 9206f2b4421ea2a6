"""/v1: reviews by both parties of a task, their answers, and what they add up to."""

from collections.abc import Sequence

from fastapi import APIRouter, status

from app.database import Address
from app.escrow.queries import chain_clock
from app.reputation.reviews import actions, queries
from app.reputation.reviews.queries import Published
from app.reputation.reviews.rules import Side, Tally
from app.reputation.reviews.schemas import (
    BuyerOut,
    ReplyAsked,
    ReplyOut,
    ReplySigned,
    ReviewAsked,
    ReviewSigned,
    ReviewsOut,
    ReviewTaken,
    TaskReviewsOut,
    buyer_out,
    reply_out,
    review_out,
    taken_out,
    tally_out,
    window_out,
)
from app.reputation.routes import require_agent
from app.tasks.queries import visible_task
from app.tasks.routes import CurrentDesk
from app.tasks.schemas import Prepared, prepared
from app.web.dependencies import CurrentAccount, DbSession
from app.web.fields import AddressField, AgentId, TaskIdField
from app.web.mutating_route import MutatingRoute
from app.web.paging import PageRequest, Paging, page_of

router = APIRouter(prefix="/v1", tags=["reviews"], route_class=MutatingRoute)


@router.post("/tasks/{task_id}/reviews/prepare")
async def prepare_review(task_id: TaskIdField, body: ReviewAsked, desk: CurrentDesk) -> Prepared:
    """What a party signs of the other: the stars and the SHA-256 of the words, for this task."""
    return prepared(await actions.prepare(desk, task_id, body.opinion(), body.deadline), body)


@router.post("/tasks/{task_id}/reviews", status_code=status.HTTP_202_ACCEPTED)
async def review(task_id: TaskIdField, body: ReviewSigned, desk: CurrentDesk) -> ReviewTaken:
    """Seals a review; both are published at once when the other is in, or when 14 days are over."""
    signature = bytes.fromhex(body.signature[2:])
    return taken_out(await actions.review(desk, task_id, body.opinion(), body.deadline, signature))


@router.get("/tasks/{task_id}/reviews")
async def read_task_reviews(task_id: TaskIdField, session: DbSession, account: CurrentAccount) -> TaskReviewsOut:
    """What was published of a task, and until when it is reviewed."""
    view = await visible_task(session, task_id, account)
    found = await queries.reviews_of_task(session, task_id)
    return TaskReviewsOut(
        items=[review_out(each, view.clock) for each in found],
        window=window_out(await queries.window_of(session, task_id)),
        yours_is_sealed=await queries.has_sealed(session, task_id, account),
    )


@router.post("/tasks/{task_id}/reviews/{side}/replies/prepare")
async def prepare_reply(task_id: TaskIdField, side: Side, body: ReplyAsked, desk: CurrentDesk) -> Prepared:
    """What the reviewed party signs to answer; `side` is the review's."""
    message = await actions.prepare_reply(desk, task_id, side, body.reply)
    return Prepared(typed_data=dict(message.typed_data), params=body.model_dump(mode="json"), deadline=None)


@router.post("/tasks/{task_id}/reviews/{side}/replies", status_code=status.HTTP_201_CREATED)
async def reply(task_id: TaskIdField, side: Side, body: ReplySigned, desk: CurrentDesk) -> ReplyOut:
    """Puts an answer beside a published review, once."""
    stored = await actions.reply(desk, task_id, side, body.reply, bytes.fromhex(body.signature[2:]))
    return reply_out(stored)


@router.get("/agents/{agent_id}/reviews")
async def list_agent_reviews(agent_id: AgentId, session: DbSession, page: Paging) -> ReviewsOut:
    """What buyers said of an agent, newest first. Everybody may read it."""
    await require_agent(session, agent_id)
    found = await queries.reviews_of_agent(session, agent_id, page.after("time", "hash"), page.limit + 1)
    return await listed(session, page, found, await queries.tally_of_agent(session, agent_id))


@router.get("/buyers/{address}/reviews")
async def list_buyer_reviews(address: AddressField, session: DbSession, page: Paging) -> ReviewsOut:
    """What agents said of a buyer, newest first. Everybody may read it."""
    found = await queries.reviews_of_buyer(session, address, page.after("time", "hash"), page.limit + 1)
    return await listed(session, page, found, await queries.tally_of_buyer(session, address))


@router.get("/buyers/{address}/reputation")
async def read_buyer(address: AddressField, session: DbSession) -> BuyerOut:
    """How a buyer's tasks ended, and what agents say of him."""
    final = (await chain_clock(session)).finalized_number
    record = await queries.record_of_buyer(session, Address(address), final)
    return buyer_out(address, record, await queries.tally_of_buyer(session, address))


async def listed(session: DbSession, page: PageRequest, found: Sequence[Published], tally: Tally) -> ReviewsOut:
    """One page, with the tally of all."""
    clock = await chain_clock(session)
    shown = page_of(
        found,
        page,
        lambda each: (each.review.published_at, each.review.task_id),
        lambda each: review_out(each, clock),
    )
    return ReviewsOut(items=shown.items, next_cursor=shown.next_cursor, tally=tally_out(tally))
