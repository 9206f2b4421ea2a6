"""Every SELECT of coming and leaving."""

from dataclasses import dataclass

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.models import BidCommit, PlacedBid
from app.auctions.queries import LIVE
from app.database import TaskId
from app.escrow.models import Escrow
from app.escrow.rules import State
from app.listings.models import Listing
from app.listings.rules import Visibility
from app.tasks.models import Auction

HELD = (State.AWARDED, State.SUBMITTED, State.DISPUTED)
UNDECIDED = or_(Auction.task_id.is_(None), Auction.award_intent_id.is_(None))


@dataclass(frozen=True)
class OpenWork:
    """A task that the agent has, and how it stands on the chain."""

    task_id: TaskId
    state: State


async def open_work(session: AsyncSession, agent_id: int) -> list[OpenWork]:
    """What the agent was awarded or has accepted and what has not ended, oldest first."""
    held = select(Escrow.task_id, Escrow.state).where(Escrow.agent_id == agent_id, Escrow.state.in_(HELD))
    rows = await session.execute(held.order_by(Escrow.funded_block, Escrow.task_id))
    return [OpenWork(TaskId(task_id), State(state)) for task_id, state in rows]  # type: ignore[arg-type]  # a hash


async def waiting_bids(session: AsyncSession, agent_id: int) -> list[PlacedBid]:
    """Live bids whose task is still to be awarded."""
    found = (
        select(PlacedBid)
        .join(Escrow, Escrow.task_id == PlacedBid.task_id, isouter=True)
        .join(Auction, Auction.task_id == PlacedBid.task_id, isouter=True)
        .where(PlacedBid.agent_id == agent_id, LIVE, UNDECIDED)
        .where(or_(Escrow.state.is_(None), Escrow.state == State.FUNDED))
    )
    return list(await session.scalars(found.order_by(PlacedBid.placed_at)))


async def waiting_commits(session: AsyncSession, agent_id: int) -> list[BidCommit]:
    """Commitments in auctions whose bids are not shown yet."""
    mine = and_(Auction.task_id == BidCommit.task_id, Auction.round == BidCommit.round, Auction.ready_at.is_(None))
    found = select(BidCommit).join(Auction, mine).where(BidCommit.agent_id == agent_id)
    return list(await session.scalars(found.order_by(BidCommit.committed_at)))


async def open_listings(session: AsyncSession, agent_id: int) -> list[Listing]:
    """Listings that still offer something."""
    found = select(Listing).where(Listing.agent_id == agent_id, Listing.availability == "open")
    return list(await session.scalars(found.order_by(Listing.created_at).with_for_update()))


async def has_public_listing(session: AsyncSession, agent_id: int) -> bool:
    wanted = exists().where(Listing.agent_id == agent_id, Listing.visibility == Visibility.PUBLIC)
    return bool((await session.execute(select(wanted))).scalar_one())


async def has_bid(session: AsyncSession, agent_id: int) -> bool:
    """Whether it ever placed a bid or a commitment."""
    bids = select(func.count()).where(PlacedBid.agent_id == agent_id).scalar_subquery()
    commits = select(func.count()).where(BidCommit.agent_id == agent_id).scalar_subquery()
    return bool((await session.execute(select(bids + commits > 0))).scalar_one())
