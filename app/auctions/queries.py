"""Every SELECT of auctions and bids."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.models import BidCommit, PlacedBid
from app.database import Address, Digest, TaskId
from app.errors import NotFound
from app.escrow.models import Escrow, EscrowEvent
from app.escrow.queries import ChainClock
from app.escrow.rules import State
from app.relayer.models import Intent
from app.tasks.models import Auction, Task

BAR = timedelta(days=7)
"""How long sealed auctions are closed to who left a bid unrevealed."""

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


async def bids_on(
    session: AsyncSession, task_id: TaskId, *, agent: Address | None = None, round_: int = 0
) -> list[PlacedBid]:
    """A task's bids of a round that were not withdrawn, cheapest first; those of one account only, if given."""
    found = select(PlacedBid).where(PlacedBid.task_id == task_id, PlacedBid.withdrawn_at.is_(None))
    found = found.where(PlacedBid.round == round_)
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


async def revoked_on(session: AsyncSession, task_id: TaskId) -> frozenset[str]:
    """The digests that were revoked at the escrow for a task, as far as the mirror shows."""
    revoked = select(EscrowEvent.args["bidDigest"].astext).where(
        EscrowEvent.task_id == task_id, EscrowEvent.name == "BidRevoked"
    )
    return frozenset(await session.scalars(revoked))


async def lowest_live(session: AsyncSession, auction: Auction) -> int | None:
    """The least that a live bid of this round asks."""
    mine = (PlacedBid.task_id == auction.task_id, PlacedBid.round == auction.round, LIVE)
    least = (await session.execute(select(func.min(PlacedBid.min_price)).where(*mine))).scalar_one()
    return None if least is None else int(least)


async def live_count(session: AsyncSession, auction: Auction) -> int:
    mine = (PlacedBid.task_id == auction.task_id, PlacedBid.round == auction.round, LIVE)
    return (await session.execute(select(func.count()).where(*mine))).scalar_one()


async def commits_of(session: AsyncSession, auction: Auction) -> list[BidCommit]:
    """The commitments of this round, in the order in which they came."""
    mine = (BidCommit.task_id == auction.task_id, BidCommit.round == auction.round)
    ordered = select(BidCommit).where(*mine).order_by(BidCommit.committed_at, BidCommit.agent_id)
    return list(await session.scalars(ordered.execution_options(populate_existing=True)))


async def commit_of(session: AsyncSession, auction: Auction, agent_id: int) -> BidCommit | None:
    """One agent's commitment in this round, locked."""
    mine = (BidCommit.task_id == auction.task_id, BidCommit.round == auction.round, BidCommit.agent_id == agent_id)
    return (await session.scalars(select(BidCommit).where(*mine).with_for_update())).one_or_none()


async def shared_auction(session: AsyncSession, task_id: TaskId) -> Auction | None:
    """The task's auction, held against the close but not against other bidders."""
    found = select(Auction).where(Auction.task_id == task_id).with_for_update(read=True)
    return (await session.scalars(found.execution_options(populate_existing=True))).one_or_none()


async def auctions_to_open(session: AsyncSession, task_ids: list[TaskId]) -> list[tuple[Auction, int]]:
    """Those of these tasks that never opened, locked, each with its budget."""
    waiting = (
        select(Auction, Task.budget)
        .join(Task, Task.task_id == Auction.task_id)
        .where(Auction.task_id.in_(task_ids), Auction.opened_at.is_(None))
        .with_for_update(of=Auction)
    )
    return [(auction, int(budget)) for auction, budget in await session.execute(waiting)]


async def auctions_to_show(session: AsyncSession, limit: int) -> list[Auction]:
    """Sealed auctions whose reveal window has ended by the database's clock, locked; another's are skipped."""
    due = (
        select(Auction)
        .where(Auction.closed_at.is_not(None), Auction.ready_at.is_(None))
        .where(Auction.reveals_until <= func.clock_timestamp())
        .order_by(Auction.reveals_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(due))


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
    """Auctions that are ready, over final funding, that wait for a first award, or for what follows a failed one.

    Their rows stay locked; another awarder's are skipped. A task past awardBy waits for its reclaim instead.
    """
    due = (
        select(Auction.task_id)
        .join(Task, Task.task_id == Auction.task_id)
        .join(Escrow, Escrow.task_id == Auction.task_id)
        .outerjoin(Intent, Intent.id == Auction.award_intent_id)
        .where(Auction.ready_at.is_not(None), Auction.failed_at.is_(None))
        .where(Escrow.state == State.FUNDED, Escrow.funded_block <= clock.finalized_number)
        .where(Task.award_by >= clock.timestamp, awaits_decision())
        .order_by(Auction.ready_at)
        .limit(limit)
        .with_for_update(of=Auction, skip_locked=True)
    )
    return list(await session.scalars(due))


def awaits_decision() -> ColumnElement[bool]:
    """No award yet although somebody bid, or one that failed."""
    mine = (PlacedBid.task_id == Auction.task_id, PlacedBid.round == Auction.round)
    bid = select(PlacedBid.digest).where(*mine, LIVE).exists()
    return or_(and_(Auction.award_intent_id.is_(None), bid), Intent.state == "failed")
