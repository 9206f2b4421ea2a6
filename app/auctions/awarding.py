"""The auctioneer decides auctions by their kind's rule, and the record of each decision is kept.

Nothing here commits; an auction's row is locked before it is decided upon.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eth_account.signers.local import LocalAccount
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.actions import Registry, controls
from app.agents.mirror_models import ChainAgent
from app.agents.queries import agents_by_id
from app.announcements.actions import announce
from app.auctions import queries, rules
from app.auctions.commitments import auction_id, tie_of
from app.auctions.models import PlacedBid
from app.auctions.opening import can_open_again, fixed_facts, open_again
from app.auctions.rules import AuctionKind, Candidate
from app.auctions.sealing import Seal
from app.auctions.transcript import MEDIA_TYPE, Considered, Decision, Frame, transcript_of
from app.chain import contracts, typed_data
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.chain.typed_data import ZERO_HASH
from app.clock import database_now
from app.config import Settings
from app.content import actions as content
from app.database import Address, Digest, Hash32
from app.escrow.queries import chain_clock
from app.relayer import actions as relayer
from app.relayer.gas.rules import Payer
from app.relayer.rules import SIGNATURE_SECONDS
from app.reputation import queries as reputation
from app.signing.keys import read_account
from app.tasks.models import Auction
from app.tasks.queries import TaskView, task_of


def auctioneer_key(settings: Settings) -> LocalAccount | None:
    """The key that awards by auction, None where this deployment runs none."""
    if settings.auctioneer_key_file is None:
        return None
    return read_account(settings.auctioneer_key_file, production=settings.in_production)


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
    def seal(self) -> Seal:
        return Seal.of(self.key)

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
            await give_up(session, auctioneer, view, auction, now)
            return True
    bids = await queries.bids_on(session, view.task_id, round_=auction.round)
    frame = await frame_of(session, auctioneer, auction, view.task.budget, [bid.agent_id for bid in bids])
    agents = await agents_by_id(session, [bid.agent_id for bid in bids])
    considered = [await consider(auctioneer.registry, view, frame, bid, agents.get(bid.agent_id)) for bid in bids]
    candidates = [each.candidate for each in considered if each.awardable]
    result = rules.clear(frame.kind, candidates, frame.budget, frame.value, auction.min_quality or 0)
    if result is None and auction.award_intent_id is None:
        return False  # nobody can be awarded yet: a matter of waiting
    if result is None:
        await give_up(session, auctioneer, view, auction, now)
    else:
        await send_award(session, auctioneer, view, auction, Decision(frame, considered, result))
    return True


async def strike_if_to_blame(session: AsyncSession, view: TaskView, auction: Auction, now: datetime) -> None:
    """A bid that the contract refused takes no further part."""
    error = None if view.award_intent is None else (view.award_intent.error or {}).get("name")
    if auction.winner is not None and rules.blames_bid(error):
        bid = await queries.bid_of(session, view.task_id, auction.winner)
        bid.struck_at, bid.struck_reason = now, str(error)


async def give_up(
    session: AsyncSession, auctioneer: Auctioneer, view: TaskView, auction: Auction, now: datetime
) -> None:
    """Nobody is left to award to: the auction opens again where there is time for it, else the task waits to expire."""
    await announce(session, "auction.award_failed", f"task:{view.task_id}", {"attempts": auction.attempts})
    if can_open_again(view, auction):
        await open_again(session, auctioneer.seal, view, auction)
    else:
        auction.failed_at = now


async def frame_of(
    session: AsyncSession, auctioneer: Auctioneer, auction: Auction, budget: int, agents: list[int]
) -> Frame:
    """What the rule reckons with beside the bids, as it was fixed at the opening."""
    kind, seed, qualities, prior = AuctionKind(auction.kind), Hash32(ZERO_HASH), {}, 0
    if auction.qualities is not None:
        frozen = await reputation.snapshot(session, auction.qualities)
        qualities = await reputation.entries(session, auction.qualities, agents)
        prior = 0 if frozen is None else frozen.prior
    if kind.is_sealed:
        seed = auctioneer.seal.seed(auction_id(auction.task_id, auction.round))
    return Frame(kind, budget, auction.value or 0, seed, qualities, prior, fixed_facts(auction, budget))


async def consider(
    registry: Registry, view: TaskView, frame: Frame, bid: PlacedBid, agent: ChainAgent | None
) -> Considered:
    """Whether the contract would take this bid now, as far as the mirror shows. Raises ChainUnavailable."""
    able = bid.struck_at is None and rules.is_awardable(view.task, bid, view.time)
    awardable = able and agent is not None and await controls(registry, agent, bid.agent)
    ask = bid.min_price if bid.accepted_price is None else bid.accepted_price
    quality = frame.qualities.get(bid.agent_id, frame.prior)
    return Considered(bid, awardable, Candidate(bid.digest, ask, quality, tie_of(bid.digest, frame.seed)))


async def send_award(
    session: AsyncSession, auctioneer: Auctioneer, view: TaskView, auction: Auction, decision: Decision
) -> None:
    """Stores the transcript and hands the signed award to the relayer, all in the deciding transaction."""
    task, attempt, result = view.task, auction.attempts + 1, decision.result
    commits = await queries.commits_of(session, auction)
    record = transcript_of(auction, attempt, view.time, commits, decision)
    transcript = await content.store_document(session, auctioneer.content_dir, record, auctioneer.address, MEDIA_TYPE)
    await content.grant(session, transcript, [None] if task.visibility == "public" else [task.buyer, task.arbiter])
    winner = next(each.bid for each in decision.considered if each.bid.digest == result.winner)
    intent = await relayer.enqueue(
        session,
        key=f"award:{view.task_id}:{auction.round * rules.MAX_ATTEMPTS + attempt}",
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
