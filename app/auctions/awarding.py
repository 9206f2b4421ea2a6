"""The auctioneer decides closed auctions: the lowest bid wins at the second lowest price, and the record is kept.

Nothing here commits; an auction's row is locked before it is decided upon.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eth_account.signers.local import LocalAccount
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.actions import Registry
from app.announcements.actions import announce
from app.auctions import queries, rules
from app.auctions.models import PlacedBid
from app.auctions.rules import Candidate, Clearing
from app.auctions.transcript import MEDIA_TYPE, Considered, transcript_of
from app.chain import contracts, typed_data
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.clock import database_now
from app.content import actions as content
from app.database import Address, Digest, Hash32
from app.errors import AgentIdNotControlled
from app.escrow.queries import chain_clock
from app.relayer import actions as relayer
from app.relayer.gas.rules import Payer
from app.tasks.actions import require_control
from app.tasks.models import Auction
from app.tasks.queries import TaskView, task_of
from app.tasks.rules.verbs import SIGNATURE_SECONDS


@dataclass(frozen=True)
class Auctioneer:
    """Who awards by auction, for which contracts, and where transcripts are kept."""

    key: LocalAccount
    chain: AsyncChain
    deployment: Deployment
    content_dir: Path

    @property
    def registry(self) -> Registry:
        return Registry(self.chain, self.deployment)

    @property
    def address(self) -> Address:
        return Address(self.key.address)


async def award_due(session: AsyncSession, auctioneer: Auctioneer, limit: int = 10) -> int:
    """Decides awards over final funding, and again after one that failed; how many auctions moved."""
    clock = await chain_clock(session)
    moved = 0
    for task_id in await queries.tasks_to_award(session, clock, limit):
        view = await task_of(session, task_id)
        if view is not None and view.auction is not None and view.task.awarder == auctioneer.address:
            moved += await decide(session, auctioneer, view, view.auction)
    return moved


async def decide(session: AsyncSession, auctioneer: Auctioneer, view: TaskView, auction: Auction) -> bool:
    """One auction: gives up after the last failure, else awards to the best bid that still can be awarded."""
    now = await database_now(session)
    if auction.award_intent_id is not None:
        await strike_if_to_blame(session, view, auction, now)
        if auction.attempts >= rules.MAX_ATTEMPTS:
            auction.failed_at = now
            await announce(session, "auction.award_failed", f"task:{view.task_id}", {"attempts": auction.attempts})
            return True
    considered = [
        await consider(session, auctioneer.registry, view, bid) for bid in await queries.bids_on(session, view.task_id)
    ]
    candidates = [Candidate(each.bid.digest, each.bid.min_price) for each in considered if each.awardable]
    result = rules.clear(candidates, view.task.budget)
    if result is None:
        return await give_up_after_failure(session, view, auction, now)
    await send_award(session, auctioneer, view, auction, considered, result)
    return True


async def strike_if_to_blame(session: AsyncSession, view: TaskView, auction: Auction, now: datetime) -> None:
    """A bid that the contract refused takes no further part."""
    error = None if view.award_intent is None else (view.award_intent.error or {}).get("name")
    if auction.winner is not None and rules.blames_bid(error):
        bid = await queries.bid_of(session, view.task_id, auction.winner)
        bid.struck_at, bid.struck_reason = now, str(error)


async def give_up_after_failure(session: AsyncSession, view: TaskView, auction: Auction, now: datetime) -> bool:
    """Nobody is left to award to: after a failed award that is the end, before one a matter of waiting."""
    if auction.award_intent_id is None:
        return False
    auction.failed_at = now
    await announce(session, "auction.award_failed", f"task:{view.task_id}", {"attempts": auction.attempts})
    return True


async def consider(session: AsyncSession, registry: Registry, view: TaskView, bid: PlacedBid) -> Considered:
    """Whether the contract would take this bid now, as far as the mirror shows. Raises ChainUnavailable."""
    awardable = bid.struck_at is None and rules.is_awardable(view.task, bid, view.time)
    if awardable:
        try:
            await require_control(session, registry, bid.agent, bid.agent_id)
        except AgentIdNotControlled:
            awardable = False
    return Considered(bid, awardable)


async def send_award(
    session: AsyncSession,
    auctioneer: Auctioneer,
    view: TaskView,
    auction: Auction,
    considered: list[Considered],
    result: Clearing,
) -> None:
    """Stores the transcript and hands the signed award to the relayer, all in the deciding transaction."""
    task, attempt = view.task, auction.attempts + 1
    record = transcript_of(view.task_id, auction.kind, task.budget, attempt, view.time, considered, result)
    transcript = await content.store_document(session, auctioneer.content_dir, record, auctioneer.address, MEDIA_TYPE)
    await content.grant(session, transcript, [None] if task.visibility == "public" else [task.buyer, task.arbiter])
    winner = next(each.bid for each in considered if each.bid.digest == result.winner)
    intent = await relayer.enqueue(
        session,
        key=f"award:{view.task_id}:{attempt}",
        verb="award",
        task_id=view.task_id,
        account=auctioneer.address,
        to=auctioneer.deployment.escrow,
        data=award_call(auctioneer, view, winner, result.price, transcript),
        payer=Payer.PLATFORM,
    )
    auction.attempts, auction.award_intent_id = attempt, intent.id
    auction.winner, auction.price, auction.transcript = winner.digest, result.price, transcript
    facts = {"winner": winner.digest, "agent_id": winner.agent_id, "price": str(result.price), "transcript": transcript}
    await announce(session, "auction.decided", f"task:{view.task_id}", facts)


def award_call(auctioneer: Auctioneer, view: TaskView, bid: PlacedBid, price: int, transcript: Digest) -> bytes:
    """Calldata of an award that the auctioneer signs, valid for an hour or until awardBy."""
    deadline = min(view.task.award_by, view.time + SIGNATURE_SECONDS)
    digest = Hash32(transcript)
    message = typed_data.award(auctioneer.deployment, view.task_id, bid.digest, price, digest, deadline)
    signed = auctioneer.key.sign_typed_data(full_message=dict(message))
    auth = contracts.pack_auth(deadline, bytes(signed.signature))
    return contracts.award(view.task.terms, bid.bid, bid.signature, price, digest, auth)
