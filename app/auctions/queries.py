"""Every SELECT of auctions and bids."""

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.models import PlacedBid
from app.database import Address, Digest, TaskId
from app.errors import NotFound
from app.escrow.models import Escrow, EscrowEvent
from app.escrow.queries import ChainClock
from app.escrow.rules import State
from app.relayer.models import Intent
from app.tasks.models import Auction, Task

LIVE = and_(PlacedBid.withdrawn_at.is_(None), PlacedBid.struck_at.is_(None))


async def locked_auction(session: AsyncSession, task_id: TaskId) -> Auction | None:
    """The task's auction, held until the transaction ends, so that a bid and the close happen in turn."""
    found = (
        select(Auction).where(Auction.task_id == task_id).with_for_update().execution_options(populate_existing=True)
    )
    return (await session.scalars(found)).one_or_none()


async def bid_of(session: AsyncSession, task_id: TaskId, digest: Digest) -> PlacedBid:
    """One bid on a task. Raises NotFound."""
    found = select(PlacedBid).where(PlacedBid.task_id == task_id, PlacedBid.digest == digest)
    bid = (await session.scalars(found)).one_or_none()
    if bid is None:
        raise NotFound(kind="bid")
    return bid


async def bids_on(session: AsyncSession, task_id: TaskId, *, agent: Address | None = None) -> list[PlacedBid]:
    """A task's bids that were not withdrawn, best first; those of one account only, if given."""
    found = select(PlacedBid).where(PlacedBid.task_id == task_id, PlacedBid.withdrawn_at.is_(None))
    if agent is not None:
        found = found.where(PlacedBid.agent == agent)
    return list(await session.scalars(found.order_by(PlacedBid.min_price, PlacedBid.digest)))


async def is_revoked(session: AsyncSession, task_id: TaskId, digest: Digest) -> bool:
    """Whether the bid's agent has revoked it at the escrow, as far as the mirror shows."""
    revoked = select(EscrowEvent.block_number).where(
        EscrowEvent.task_id == task_id,
        EscrowEvent.name == "BidRevoked",
        EscrowEvent.args["bidDigest"].astext == digest,
    )
    return (await session.execute(revoked.limit(1))).first() is not None


async def live_bids(session: AsyncSession, task_id: TaskId) -> list[PlacedBid]:
    """The bids that may win, best first."""
    found = select(PlacedBid).where(PlacedBid.task_id == task_id, LIVE)
    return list(await session.scalars(found.order_by(PlacedBid.min_price, PlacedBid.digest)))


async def auctions_to_open(session: AsyncSession, task_ids: list[TaskId]) -> list[Auction]:
    """Those of these tasks that never opened, locked."""
    waiting = select(Auction).where(Auction.task_id.in_(task_ids), Auction.opened_at.is_(None)).with_for_update()
    return list(await session.scalars(waiting))


async def funded_but_not_opened(session: AsyncSession, limit: int) -> list[TaskId]:
    """Tasks whose money is there although their auction never opened: posted after their funding was announced."""
    missed = (
        select(Auction.task_id)
        .join(Escrow, Escrow.task_id == Auction.task_id)
        .where(Auction.opened_at.is_(None), Escrow.state == State.FUNDED)
        .limit(limit)
    )
    return list(await session.scalars(missed))


async def auctions_to_close(session: AsyncSession, limit: int) -> list[Auction]:
    """Those whose time has come by the database's clock, locked; another closer's are skipped."""
    due = (
        select(Auction)
        .where(Auction.closed_at.is_(None), Auction.closes_at <= func.clock_timestamp())
        .order_by(Auction.closes_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(due))


async def tasks_to_award(session: AsyncSession, clock: ChainClock, limit: int) -> list[TaskId]:
    """Closed auctions over final funding that wait for a first award, or for what follows a failed one.

    Their rows stay locked; another awarder's are skipped. A task past awardBy waits for its reclaim instead.
    """
    due = (
        select(Auction.task_id)
        .join(Task, Task.task_id == Auction.task_id)
        .join(Escrow, Escrow.task_id == Auction.task_id)
        .outerjoin(Intent, Intent.id == Auction.award_intent_id)
        .where(Auction.closed_at.is_not(None), Auction.failed_at.is_(None))
        .where(Escrow.state == State.FUNDED, Escrow.funded_block <= clock.finalized_number)
        .where(Task.award_by >= clock.timestamp, awaits_decision())
        .order_by(Auction.closed_at)
        .limit(limit)
        .with_for_update(of=Auction, skip_locked=True)
    )
    return list(await session.scalars(due))


def awaits_decision() -> ColumnElement[bool]:
    """No award yet although somebody bid, or one that failed."""
    bid = select(PlacedBid.digest).where(PlacedBid.task_id == Auction.task_id, LIVE).exists()
    return or_(and_(Auction.award_intent_id.is_(None), bid), Intent.state == "failed")
