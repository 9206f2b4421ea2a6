"""Bidding, closing and awarding. Nothing here commits; the auction's row is locked before it is decided upon."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.auctions import queries, rules
from app.auctions.models import PlacedBid
from app.auctions.rules import Bounds
from app.chain import contracts, signatures, typed_data
from app.chain.contracts import Authorization
from app.chain.typed_data import ZERO_HASH, Bid, TypedData
from app.clock import database_now
from app.content import actions as content
from app.database import Address, Digest, Hash32, TaskId
from app.errors import BiddingClosed, BidIsRevoked, BidNotLive, BidNotYours
from app.spending import actions as spending
from app.spending.rules import Payment
from app.tasks.actions import require_control
from app.tasks.funding import Validity
from app.tasks.models import Auction
from app.tasks.queries import TaskView, task_of
from app.tasks.rules import checked_deadline
from app.tasks.signing import Desk, Payable, Signable, escrow_signable


async def draft_bid(desk: Desk, offer: Bid) -> tuple[Bid, TypedData]:
    """The bid with a fresh salt and what its agent signs. Raises the rule that it breaks."""
    salted = replace(offer, salt=Hash32("0x" + secrets.token_hex(32)))
    await check_bid(desk, salted.task_id, salted)
    return salted, typed_data.bid(desk.deployment, salted)


async def place_bid(desk: Desk, task_id: TaskId, offer: Bid, signature: bytes) -> PlacedBid:
    """Stores a signed bid in the place of the agent's earlier one; the same bid again changes nothing."""
    view = await check_bid(desk, task_id, offer)
    await signatures.verify(desk.chain, typed_data.bid(desk.deployment, offer), signature, desk.account)
    digest = typed_data.bid_digest(offer, desk.deployment)
    known = await desk.session.get(PlacedBid, digest)
    if known is not None:
        return known
    await require_not_revoked(desk.session, task_id, digest)
    await replace_live_bid(desk.session, task_id, offer.agent_id)
    stored = insert(PlacedBid).values(digest=digest, signature=signature, **vars(offer)).returning(PlacedBid)
    placed = (await desk.session.scalars(stored)).one()
    facts = {"bid_digest": digest, "agent_id": offer.agent_id}
    await announce(desk.session, "bid.placed", f"task:{view.task_id}", facts)
    return placed


async def check_bid(desk: Desk, task_id: TaskId, offer: Bid) -> TaskView:
    """The task, its auction locked, where this bid may be placed now."""
    auction = await queries.locked_auction(desk.session, task_id)
    view = await desk.task(task_id)
    seconds = await seconds_to_close(desk.session, auction)
    unpayable = frozenset({desk.deployment.escrow, desk.deployment.token})
    bounds = Bounds(view.task.budget, view.time + seconds, unpayable)
    rules.require_bid(view, offer, task_id, desk.account, bounds)
    await require_control(desk.session, desk.registry, desk.account, offer.agent_id)
    return view


async def seconds_to_close(session: AsyncSession, auction: Auction | None) -> int:
    """How long the bidding still lasts, at least; 0 where the buyer awards. Raises BiddingClosed.

    A duration of the database's clock may be added to a chain time; the two clocks are never compared.
    """
    if auction is None:
        return 0
    if auction.closes_at is None:
        return auction.duration_seconds
    left = auction.closes_at - await database_now(session)
    if auction.closed_at is not None or left <= timedelta(0):
        raise BiddingClosed(closes_at=auction.closes_at)
    return int(left.total_seconds())


async def replace_live_bid(session: AsyncSession, task_id: TaskId, agent_id: int) -> None:
    """Withdraws what this agent has bid before."""
    mine = update(PlacedBid).where(PlacedBid.task_id == task_id, PlacedBid.agent_id == agent_id, queries.LIVE)
    await session.execute(mine.values(withdrawn_at=await database_now(session)))


async def withdraw_bid(desk: Desk, task_id: TaskId, digest: Digest) -> None:
    """Takes a bid back before the close. Raises BiddingClosed afterwards."""
    auction = await queries.locked_auction(desk.session, task_id)
    await desk.task(task_id)
    bid = await queries.bid_of(desk.session, task_id, digest)
    if bid.agent != desk.account:
        raise BidNotYours(agent=bid.agent, account=desk.account, verb="withdraw")
    await seconds_to_close(desk.session, auction)
    if bid.withdrawn_at is None:
        bid.withdrawn_at = await database_now(desk.session)
        await announce(desk.session, "bid.withdrawn", f"task:{task_id}", {"bid_digest": digest})


async def revoke_bid(desk: Desk, task_id: TaskId, digest: Digest, deadline: int | None) -> Signable:
    """The agent takes his signature back at the escrow, whatever the market knows of it. Raises BidIsRevoked."""
    view = await desk.task(task_id)
    placed = await queries.bid_of(desk.session, task_id, digest)
    if placed.agent != desk.account:
        raise BidNotYours(agent=placed.agent, account=desk.account, verb="revoke")
    await require_not_revoked(desk.session, task_id, digest)
    until, offer = checked_deadline(deadline, view.time), placed.bid
    return Signable(
        verb="revoke_bid",
        task_id=task_id,
        to=desk.deployment.escrow,
        typed_data=typed_data.revoke_bid(desk.deployment, digest, until),
        deadline=until,
        call=lambda signature: contracts.revoke_bid(offer, contracts.pack_auth(until, signature)),
    )


async def require_not_revoked(session: AsyncSession, task_id: TaskId, digest: Digest) -> None:
    """Raises BidIsRevoked."""
    if await queries.is_revoked(session, task_id, digest):
        raise BidIsRevoked(bid_digest=digest)


async def strike_revoked(session: AsyncSession, digests: list[Digest]) -> None:
    """Bids that their agents have revoked win nothing more. A reorg of the event changes nothing: it was his word."""
    now = await database_now(session)
    mine = update(PlacedBid).where(PlacedBid.digest.in_(digests), queries.LIVE)
    struck = mine.values(struck_at=now, struck_reason="BidIsRevoked").returning(PlacedBid.task_id, PlacedBid.digest)
    for task_id, digest in (await session.execute(struck)).all():
        await announce(session, "bid.revoked", f"task:{task_id}", {"bid_digest": digest})


async def award(desk: Desk, task_id: TaskId, digest: Digest, price: int, deadline: int | None) -> Signable:
    """The buyer, where he is the awarder, chooses a bid at a price that it allows."""
    view = await desk.task(task_id)
    placed = await queries.bid_of(desk.session, task_id, digest)
    rules.may_award(view, desk.account, placed, price, view.task.budget)
    require_live(placed)
    until = checked_deadline(deadline, view.time)
    message = typed_data.award(desk.deployment, task_id, digest, price, ZERO_HASH, until)
    offer, signature = placed.bid, placed.signature
    return escrow_signable(
        desk,
        view,
        "award",
        message,
        until,
        lambda terms, auth: contracts.award(terms, offer, signature, price, ZERO_HASH, auth),
    )


@dataclass(frozen=True)
class Choice:
    """A bid at a price in base units."""

    digest: Digest
    price: int


async def award_and_fund(
    desk: Desk, task_id: TaskId, choice: Choice, deadline: int | None, validity: Validity
) -> Payable:
    """The buyer chooses a bid and pays in one transaction: nothing of his is held before an agent is hired."""
    view = await desk.task(task_id)
    placed = await queries.bid_of(desk.session, task_id, choice.digest)
    rules.may_award_and_fund(view, desk.account, placed, choice.price, view.task.budget)
    require_live(placed)
    payment = Payment(task_id, choice.price, placed.bid.agent, view.task.capability)
    await spending.allow(desk.session, desk.account, payment)
    terms, until = view.task.terms, checked_deadline(deadline, view.time)
    after, before = validity.bounds(view.time)

    def call(signature: bytes, payment: bytes) -> bytes:
        funding, auth = Authorization(after, before, payment), contracts.pack_auth(until, signature)
        return contracts.award_and_fund(terms, placed.bid, placed.signature, choice.price, ZERO_HASH, auth, funding)

    return Payable(
        verb="award_and_fund",
        task_id=task_id,
        to=desk.deployment.escrow,
        typed_data=typed_data.award(desk.deployment, task_id, choice.digest, choice.price, ZERO_HASH, until),
        payment=typed_data.receive_authorization(desk.deployment, desk.token, terms, after, before),
        deadline=until,
        call=call,
        spends=choice.price,
    )


def require_live(placed: PlacedBid) -> None:
    """Raises BidNotLive."""
    if placed.withdrawn_at is not None or placed.struck_at is not None:
        raise BidNotLive(bid_digest=placed.digest)


async def open_funded(session: AsyncSession, task_ids: list[TaskId]) -> None:
    """Starts the clock of auctions whose money has been seen; one that has opened before goes on."""
    now = await database_now(session)
    for auction in await queries.auctions_to_open(session, task_ids):
        auction.opened_at, auction.closes_at = now, now + timedelta(seconds=auction.duration_seconds)
        facts = {"closes_at": auction.closes_at.isoformat()}
        await announce(session, "auction.opened", f"task:{auction.task_id}", facts)


async def open_missed(session: AsyncSession, limit: int = 100) -> None:
    """Opens what no announcement will open any more."""
    await open_funded(session, await queries.funded_but_not_opened(session, limit))


async def close_due(session: AsyncSession, limit: int = 20) -> int:
    """Ends the bidding where its time has come; how many. Two closers never close one auction twice."""
    due = await queries.auctions_to_close(session, limit)
    now = await database_now(session)
    for auction in due:
        auction.closed_at = now
        bids = await queries.live_bids(session, auction.task_id)
        await announce(session, "auction.closed", f"task:{auction.task_id}", {"bids": len(bids)})
    return len(due)


async def admit_awarded(session: AsyncSession, awards: list[tuple[TaskId, Address]]) -> None:
    """The chosen agents may read what they are to work on."""
    for task_id, agent in awards:
        view = await task_of(session, task_id)
        if view is not None:
            await content.grant(session, view.task.content, [agent])
