"""/v1/tasks/{task_id}/bids, its auction, and the buyer's own award."""

from functools import partial

from fastapi import APIRouter, Response, status

from app.auctions import actions, counter_offers, queries
from app.auctions.commitments import auction_id
from app.auctions.models import BidCommit, PlacedBid
from app.auctions.rules import AuctionKind
from app.auctions.schemas import (
    AuctionRecord,
    AwardAndFundAsked,
    AwardAndFundSigned,
    AwardAsked,
    AwardSigned,
    BidAsked,
    BidOut,
    BidSigned,
    CounterAsked,
    CounterOut,
    PreparedBid,
    award_and_fund_prepared,
    bid_field,
    bid_out,
    commit_out,
    counter_out,
)
from app.database import Address
from app.errors import NotFound
from app.tasks.queries import TaskView, visible_task
from app.tasks.routes import CurrentDesk, carry, carry_paid
from app.tasks.schemas import Asked, Carried, Prepared, Signed, Unsigned, auction_out, prepared
from app.web.dependencies import CurrentAccount, DbSession
from app.web.fields import DigestField, TaskIdField
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page

router = APIRouter(prefix="/v1/tasks/{task_id}", tags=["auctions"], route_class=MutatingRoute)


@router.post("/bids/prepare")
async def prepare_bid(task_id: TaskIdField, body: BidAsked, desk: CurrentDesk) -> PreparedBid:
    """What an agent signs to offer his work."""
    offer, typed_data = await actions.draft_bid(desk, body.offer(task_id, desk.account))
    return PreparedBid(typed_data=dict(typed_data), bid=bid_field(offer))


@router.post("/bids", status_code=status.HTTP_201_CREATED)
async def place_bid(task_id: TaskIdField, body: BidSigned, desk: CurrentDesk) -> BidOut:
    """Places a signed bid, in the place of the agent's earlier one."""
    signature = bytes.fromhex(body.signature[2:])
    return bid_out(await actions.place_bid(desk, task_id, body.bid.offer(), signature))


@router.get("/bids")
async def list_bids(task_id: TaskIdField, session: DbSession, account: CurrentAccount) -> Page[BidOut]:
    """One's own bids; all of them once an auction has closed, or for the buyer who awards himself."""
    view = await visible_task(session, task_id, account)
    agent = None if may_see_all(view, account) else account
    round_ = 0 if view.auction is None else view.auction.round
    bids = await queries.bids_on(session, task_id, agent=agent, round_=round_)
    return Page(items=[bid_out(bid) for bid in bids], next_cursor=None)


@router.delete("/bids/{digest}", status_code=status.HTTP_204_NO_CONTENT)
async def withdraw_bid(task_id: TaskIdField, digest: DigestField, desk: CurrentDesk) -> Response:
    """Takes a bid back before the close, here: whoever has its signature can use it until valid_until. See revoke."""
    await actions.withdraw_bid(desk, task_id, digest)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/bids/{digest}/revoke/prepare")
async def prepare_revoke_bid(task_id: TaskIdField, digest: DigestField, body: Asked, desk: CurrentDesk) -> Prepared:
    """What an agent signs to take a bid back at the escrow itself."""
    return prepared(await actions.revoke_bid(desk, task_id, digest, body.deadline), body)


@router.post("/bids/{digest}/revoke", status_code=status.HTTP_202_ACCEPTED)
async def revoke_bid(task_id: TaskIdField, digest: DigestField, body: Signed, desk: CurrentDesk) -> Carried:
    """Takes a bid back for ever, also after the close: it is struck here at once, and no award on it can succeed."""
    verb = partial(actions.revoke_bid, desk, task_id, digest, body.deadline)
    answer = await carry(desk, "revoke_bid", task_id, body, verb)
    await actions.strike_revoked(desk.session, [digest])
    return answer


@router.post("/bids/{digest}/counter-offers", status_code=status.HTTP_201_CREATED)
async def make_counter_offer(
    task_id: TaskIdField, digest: DigestField, body: CounterAsked, desk: CurrentDesk
) -> CounterOut:
    """Tells a bid's agent what the buyer, who awards himself, would pay. It binds nobody."""
    return counter_out(await counter_offers.make(desk, task_id, digest, body.price, body.words))


@router.get("/bids/{digest}/counter-offers")
async def list_counter_offers(task_id: TaskIdField, digest: DigestField, desk: CurrentDesk) -> Page[CounterOut]:
    """What was offered for a bid, oldest first; for the buyer and the bid's agent."""
    found = await counter_offers.visible(desk, task_id, digest)
    return Page(items=[counter_out(each) for each in found], next_cursor=None)


@router.post("/bids/{digest}/counter-offers/decline")
async def decline_counter_offer(
    task_id: TaskIdField, digest: DigestField, _body: Unsigned, desk: CurrentDesk
) -> CounterOut:
    """The agent stays with the bid. To take an offer up, place another bid."""
    return counter_out(await counter_offers.decline(desk, task_id, digest))


@router.get("/auction")
async def read_auction(task_id: TaskIdField, session: DbSession, account: CurrentAccount) -> AuctionRecord:
    """The auction, with its bids once it has closed."""
    view = await visible_task(session, task_id, account)
    if view.auction is None:
        raise NotFound(kind="auction")
    auction, bids, commits = view.auction, list[PlacedBid](), list[BidCommit]()
    if auction.closed_at is not None:
        commits = await queries.commits_of(session, auction)
    if may_see_all(view, account):
        bids = await queries.bids_on(session, task_id, round_=auction.round)
    record = auction_out(auction).model_dump()
    return AuctionRecord(
        **record,
        task_id=task_id,
        auction_id=auction_id(task_id, auction.round),
        commits=[commit_out(each) for each in commits],
        bids=[bid_out(bid) for bid in bids],
    )


@router.post("/award/prepare")
async def prepare_award(task_id: TaskIdField, body: AwardAsked, desk: CurrentDesk) -> Prepared:
    """What a buyer without an auctioneer signs to choose a bid."""
    return prepared(await actions.award(desk, task_id, body.bid_digest, body.price, body.deadline), body)


@router.post("/award", status_code=status.HTTP_202_ACCEPTED)
async def award(task_id: TaskIdField, body: AwardSigned, desk: CurrentDesk) -> Carried:
    """Awards; what the price leaves of the budget goes back to the buyer at once."""
    verb = partial(actions.award, desk, task_id, body.bid_digest, body.price, body.deadline)
    return await carry(desk, "award", task_id, body, verb)


@router.post("/award-and-fund/prepare")
async def prepare_award_and_fund(task_id: TaskIdField, body: AwardAndFundAsked, desk: CurrentDesk) -> Prepared:
    """The two messages with which a buyer chooses a bid and pays for it at once."""
    payable = await actions.award_and_fund(desk, task_id, body.choice, body.deadline, body.validity)
    return award_and_fund_prepared(payable, body)


@router.post("/award-and-fund", status_code=status.HTTP_202_ACCEPTED)
async def award_and_fund(task_id: TaskIdField, body: AwardAndFundSigned, desk: CurrentDesk) -> Carried:
    """Awards and pays in one transaction; what the price leaves of the budget goes back in the same one."""
    verb = partial(actions.award_and_fund, desk, task_id, body.choice, body.deadline, body.validity)
    return await carry_paid(desk, "award_and_fund", task_id, body, verb)


def may_see_all(view: TaskView, account: Address) -> bool:
    """Bids of an open kind are everybody's, sealed ones once all are shown; without an auction they are the buyer's to
    compare."""
    if view.auction is None:
        return account == view.task.buyer
    return not AuctionKind(view.auction.kind).is_sealed or view.auction.ready_at is not None
