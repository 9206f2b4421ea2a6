"""A buyer who chooses himself says what he would pay; the bid's agent answers with another bid, or declines.

Nothing here binds anybody: a signed bid does, and the award. Nothing here commits to the database.
"""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.auctions import queries, rules
from app.auctions.actions import require_live
from app.auctions.models import CounterOffer
from app.clock import database_now
from app.database import Digest, TaskId
from app.errors import BidNotYours, NotFound, PriceOutOfBounds, TooManyCounterOffers
from app.tasks.rules import Party, require_party
from app.tasks.signing import Desk

MAX_COUNTERS = 20


async def make(desk: Desk, task_id: TaskId, digest: Digest, price: int, words: str) -> CounterOffer:
    """The buyer's answer to a bid. Raises PriceOutOfBounds above the budget, BidNotLive, TooManyCounterOffers."""
    view = await desk.task(task_id)
    require_party(view, desk.account, "counter-offer", Party.BUYER)
    rules.require_bidding(view)
    placed = await queries.bid_of(desk.session, task_id, digest)
    require_live(placed)
    if not 0 < price <= view.task.budget:
        raise PriceOutOfBounds(price=str(price), min="1", max=str(view.task.budget))
    count = (await desk.session.execute(select(func.count()).where(CounterOffer.bid_digest == digest))).scalar_one()
    if count >= MAX_COUNTERS:
        raise TooManyCounterOffers(limit=MAX_COUNTERS)
    made = CounterOffer(bid_digest=digest, number=count + 1, price=price, words=words)
    desk.session.add(made)
    await desk.session.flush()
    await desk.session.refresh(made)
    await announce(desk.session, "bid.countered", f"task:{task_id}", {"bid_digest": digest, "number": made.number})
    return made


async def decline(desk: Desk, task_id: TaskId, digest: Digest) -> CounterOffer:
    """The agent stays with his bid. Raises NotFound where no counter-offer stands, BidNotYours."""
    await desk.task(task_id)
    placed = await queries.bid_of(desk.session, task_id, digest)
    if placed.agent != desk.account:
        raise BidNotYours(agent=placed.agent, account=desk.account, verb="answer for")
    standing = [each for each in await of_bid(desk.session, digest) if each.declined_at is None]
    if not standing:
        raise NotFound(kind="counter-offer")
    standing[-1].declined_at = await database_now(desk.session)
    facts = {"bid_digest": digest, "number": standing[-1].number}
    await announce(desk.session, "bid.counter_declined", f"task:{task_id}", facts)
    return standing[-1]


async def visible(desk: Desk, task_id: TaskId, digest: Digest) -> list[CounterOffer]:
    """What was offered for a bid, oldest first, to the buyer and to the bid's agent. Raises NotFound to others."""
    view = await desk.glance(task_id)
    placed = await queries.bid_of(desk.session, task_id, digest)
    if desk.account not in (view.task.buyer, placed.agent):
        raise NotFound(kind="bid")
    return await of_bid(desk.session, digest)


async def of_bid(session: AsyncSession, digest: Digest) -> list[CounterOffer]:
    ordered = select(CounterOffer).where(CounterOffer.bid_digest == digest).order_by(CounterOffer.number)
    return list(await session.scalars(ordered))
