"""Bidding in the open and awarding oneself. Nothing here commits; an auction's row is locked before it is changed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.queries import same_account
from app.announcements.actions import announce
from app.auctions import queries, rules
from app.auctions.models import PlacedBid
from app.auctions.opening import close_one, remember_failure
from app.auctions.rules import AuctionKind, Bounds
from app.chain import contracts, signatures, typed_data
from app.chain.contracts import Authorization
from app.chain.typed_data import ZERO_HASH, Bid, TypedData
from app.clock import database_now
from app.content import actions as content
from app.database import Address, Digest, Hash32, TaskId
from app.errors import (
    BidderIsLinked,
    BiddingClosed,
    BiddingNotOpen,
    BidHasLed,
    BidIsRevoked,
    BidNotLive,
    BidNotYours,
    BidsAreSealed,
    BidTooHigh,
)
from app.relayer.rules import checked_deadline
from app.reputation import queries as reputation
from app.spending import actions as spending
from app.spending.rules import Payment
from app.tasks.actions import require_control
from app.tasks.funding import Validity
from app.tasks.models import Auction
from app.tasks.queries import TaskView, task_of
from app.tasks.signing import Desk, Payable, Signable, escrow_signable


async def draft_bid(desk: Desk, offer: Bid) -> tuple[Bid, TypedData]:
    """The bid with a fresh salt and what its agent signs. Raises the rule that it breaks."""
    salted = replace(offer, salt=Hash32("0x" + secrets.token_hex(32)))
    await check_bid(desk, salted.task_id, salted)
    return salted, typed_data.bid(desk.deployment, salted)


async def place_bid(desk: Desk, task_id: TaskId, offer: Bid, signature: bytes) -> PlacedBid:
    """Stores a signed bid in the place of the agent's earlier one; the same bid again changes nothing.

    Of an open auction it becomes the leader, of a Dutch one it ends the bidding.
    """
    digest = typed_data.bid_digest(offer, desk.deployment)
    known = await desk.session.get(PlacedBid, digest)
    if known is not None and known.agent == desk.account:
        return known
    view = await check_bid(desk, task_id, offer)
    await signatures.verify_digest(desk.chain, digest, signature, desk.account)
    await require_not_revoked(desk.session, task_id, digest)
    turn = await take_turn(desk.session, view.auction, view.task.budget, offer.min_price)
    await replace_live_bid(desk.session, view, offer.agent_id)
    values = {**vars(offer), "digest": digest, "signature": signature, **turn.columns}
    placed = (await desk.session.scalars(insert(PlacedBid).values(values).returning(PlacedBid))).one()
    facts = {"bid_digest": digest, "agent_id": offer.agent_id}
    await announce(desk.session, "bid.placed", f"task:{view.task_id}", facts)
    if turn.ends and view.auction is not None:
        view.auction.closes_at = placed.placed_at
        await close_one(desk.session, view.auction, placed.placed_at)
    return placed


async def check_bid(desk: Desk, task_id: TaskId, offer: Bid) -> TaskView:
    """The task, its auction locked, where this bid may be placed now."""
    auction = await queries.locked_auction(desk.session, task_id)
    view = await desk.task(task_id)
    if auction is not None and AuctionKind(auction.kind).is_sealed:
        raise BidsAreSealed
    seconds = await seconds_to_close(desk.session, auction)
    unpayable = frozenset({desk.deployment.escrow, desk.deployment.token})
    bounds = Bounds(view.task.budget, view.time + seconds, unpayable)
    rules.require_bid(view, offer, task_id, desk.account, bounds)
    if await same_account(desk.session, Address(view.task.buyer), desk.account):
        raise BidderIsLinked(agent=desk.account, buyer=view.task.buyer)
    await require_control(desk.session, desk.registry, desk.account, offer.agent_id)
    if auction is not None and auction.min_quality is not None:
        quality = await reputation.frozen_quality(desk.session, auction.qualities, offer.agent_id)
        rules.require_quality(offer.agent_id, quality, auction.min_quality)
    return view


async def seconds_to_close(session: AsyncSession, auction: Auction | None) -> int:
    """How long the bidding may still last; 0 where the buyer awards. Raises BiddingClosed.

    A duration of the database's clock may be added to a chain time; the two clocks are never compared.
    """
    if auction is None:
        return 0
    if auction.closes_at is None:
        return auction.duration_seconds
    now = await database_now(session)
    if rules.is_over(auction, now):
        raise BiddingClosed(closes_at=auction.closes_at)
    return int(((auction.latest_close_at or auction.closes_at) - now).total_seconds())


@dataclass(frozen=True)
class Turn:
    """What a bid does to its auction: what is stored beside it, and whether it ends the bidding."""

    columns: Mapping[str, object]
    ends: bool = False


async def take_turn(session: AsyncSession, auction: Auction | None, budget: int, min_price: int) -> Turn:
    """Raises BidTooHigh for a price that the kind does not take now, BiddingNotOpen before a Dutch auction opened."""
    if auction is None:
        return Turn({})
    now, place = await database_now(session), {"round": auction.round}
    if auction.kind == AuctionKind.DUTCH:
        if auction.opened_at is None:
            raise BiddingNotOpen
        duration = timedelta(seconds=auction.duration_seconds)
        offered = rules.rising_price(auction.start_price or 0, budget, now - auction.opened_at, duration)
        require_at_most(min_price, offered)
        return Turn({**place, "placed_at": now, "accepted_price": offered}, ends=True)
    leading = await queries.lowest_live(session, auction)
    require_at_most(min_price, rules.highest_allowed(leading, budget, auction.decrement_bps or 0))
    if auction.closes_at is not None and auction.latest_close_at is not None:
        extension = timedelta(seconds=auction.extension_seconds or 0)
        auction.closes_at = rules.extended(auction.closes_at, now, extension, auction.latest_close_at)
    return Turn({**place, "placed_at": now, "led": True})


def require_at_most(min_price: int, highest: int) -> None:
    """Raises BidTooHigh."""
    if min_price > highest:
        raise BidTooHigh(highest=str(highest), min_price=str(min_price))


async def replace_live_bid(session: AsyncSession, view: TaskView, agent_id: int) -> None:
    """Withdraws what this agent has bid before in this round."""
    round_ = 0 if view.auction is None else view.auction.round
    mine = update(PlacedBid).where(
        PlacedBid.task_id == view.task_id,
        PlacedBid.round == round_,
        PlacedBid.agent_id == agent_id,
        queries.LIVE,
    )
    await session.execute(mine.values(withdrawn_at=await database_now(session)))


async def withdraw_bid(desk: Desk, task_id: TaskId, digest: Digest) -> None:
    """Takes a bid back before the close. Raises BiddingClosed afterwards, BidHasLed for one that binds."""
    auction = await queries.locked_auction(desk.session, task_id)
    await desk.task(task_id)
    bid = await queries.bid_of(desk.session, task_id, digest)
    if bid.agent != desk.account:
        raise BidNotYours(agent=bid.agent, account=desk.account, verb="withdraw")
    await seconds_to_close(desk.session, auction)
    if bid.led:
        raise BidHasLed
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
    """Bids that their agents have revoked win nothing more. A reorg of the event changes nothing: it was his word.

    One that bound already, by its reveal or because it led, is remembered.
    """
    now = await database_now(session)
    mine = update(PlacedBid).where(PlacedBid.digest.in_(digests), queries.LIVE)
    struck = mine.values(struck_at=now, struck_reason="BidIsRevoked").returning(PlacedBid)
    for bid in list(await session.scalars(struck)):
        await announce(session, "bid.revoked", f"task:{bid.task_id}", {"bid_digest": bid.digest})
        view = await task_of(session, bid.task_id)
        if view is not None and view.auction is not None:
            await remember_failure(session, view, bid.round, bid.agent_id, bid.agent, "revoked")


async def award(desk: Desk, task_id: TaskId, digest: Digest, price: int, deadline: int | None) -> Signable:
    """The buyer, where he is the awarder, chooses a bid at a price that it allows."""
    view = await desk.task(task_id)
    placed = await queries.bid_of(desk.session, task_id, digest)
    rules.may_award(view, desk.account, placed, price, view.task.budget)
    require_live(placed)
    await spending.allow_hire(desk.session, desk.account, task_id, placed.agent, view.task.capability)
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


async def admit_awarded(session: AsyncSession, awards: list[tuple[TaskId, Address]]) -> None:
    """The chosen agents may read what they are to work on."""
    for task_id, agent in awards:
        view = await task_of(session, task_id)
        if view is not None:
            await content.grant(session, view.task.content, [agent])
