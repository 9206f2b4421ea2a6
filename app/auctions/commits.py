"""Taking part in a sealed auction: a commitment before the close, the bid itself in the reveal window.

Commitments may come many at once; each is answered for itself. Nothing here commits to the database.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.actions import controls
from app.announcements.actions import announce
from app.auctions import queries, rules
from app.auctions.actions import require_not_revoked
from app.auctions.commit_rows import Commit, Seen, look, store
from app.auctions.commitments import auction_id, bid_commit_digest, commitment_of
from app.auctions.models import BidCommit
from app.auctions.opening import Revealed
from app.auctions.queries import BAR
from app.auctions.rules import AuctionKind, Bounds
from app.auctions.sealing import RevealKey
from app.chain import signatures, typed_data
from app.chain.typed_data import Bid
from app.clock import database_now
from app.database import TaskId
from app.errors import (
    AgentIdNotControlled,
    BarredFromSealed,
    BatchTooLarge,
    BidderIsLinked,
    BiddingClosed,
    BidNotYours,
    BidsAreOpen,
    ChainUnavailable,
    CommitMissing,
    CommitOfOtherAuction,
    GuildhallError,
    NotFound,
    RevealNotNow,
)
from app.money import MAX_AMOUNT
from app.tasks.models import Auction
from app.tasks.rules import may_see
from app.tasks.signing import Desk

MAX_BATCH = 100


async def commit_all(desk: Desk, commits: Sequence[Commit]) -> list[GuildhallError | None]:
    """Stores what may be stored, each in the place of the agent's earlier one; per commitment None, or why not.

    Raises BatchTooLarge, and ChainUnavailable where a contract wallet could not be asked.
    """
    if len(commits) > MAX_BATCH or len({(each.task_id, each.agent_id) for each in commits}) < len(commits):
        raise BatchTooLarge(limit=MAX_BATCH)
    around = await look(desk.session, desk.account, commits, BAR)
    outcomes = [await fault_of(desk, found, each) for found, each in zip(around, commits, strict=True)]
    good = [(each, found) for each, found, fault in zip(commits, around, outcomes, strict=True) if fault is None]
    rounds = [found.auction.round for _, found in good if found is not None and found.auction is not None]
    stored = await store(desk.session, desk.account, [each for each, _ in good], rounds)
    for place, (each, found) in enumerate(zip(commits, around, strict=True)):
        if outcomes[place] is None and (each.task_id, each.agent_id) not in stored:
            closes_at = None if found is None or found.auction is None else found.auction.closes_at
            outcomes[place] = BiddingClosed(closes_at=closes_at)
    return outcomes


async def fault_of(desk: Desk, found: Seen | None, commit: Commit) -> GuildhallError | None:
    """The first rule that a commitment breaks. Raises ChainUnavailable."""
    try:
        await require_commit(desk, found, commit)
    except ChainUnavailable:
        raise
    except GuildhallError as fault:
        return fault
    return None


async def require_commit(desk: Desk, found: Seen | None, commit: Commit) -> None:
    """Raises the first rule that a commitment breaks."""
    if found is None or found.auction is None or not may_see(found, desk.account):
        raise NotFound(kind="auction")
    require_sealed(found.auction.kind)
    rules.require_outsider(found.task, desk.account)
    if found.linked:
        raise BidderIsLinked(agent=desk.account, buyer=found.task.buyer)
    rules.require_bidding(found)
    expected = auction_id(commit.task_id, found.auction.round)
    if commit.auction_id != expected:
        raise CommitOfOtherAuction(auction_id=commit.auction_id, expected=expected)
    if found.agent is None or not await controls(desk.registry, found.agent, desk.account):
        raise AgentIdNotControlled(account=desk.account, agent_id=commit.agent_id)
    if found.auction.min_quality is not None:
        rules.require_quality(commit.agent_id, found.auction.quality, found.auction.min_quality)
    if found.failed_on is not None:
        until = found.failed_on + BAR
        raise BarredFromSealed(agent_id=commit.agent_id, task_id=found.failed_task, until=until)
    signed = bid_commit_digest(desk.deployment, commit.auction_id, commit.commitment, commit.agent_id)
    await signatures.verify_digest(desk.chain, signed, commit.signature, desk.account)


async def withdraw_commit(desk: Desk, task_id: TaskId, agent_id: int) -> None:
    """Takes a commitment back before the close. Raises BiddingClosed afterwards, NotFound where there is none."""
    await desk.task(task_id)
    auction = await held_auction(desk.session, task_id)
    found = await queries.commit_of(desk.session, auction, agent_id)
    if found is None:
        raise NotFound(kind="commitment")
    if found.agent != desk.account:
        raise BidNotYours(agent=found.agent, account=desk.account, verb="withdraw")
    if rules.is_over(auction, await database_now(desk.session)):
        raise BiddingClosed(closes_at=auction.closes_at)
    await desk.session.delete(found)
    await announce(desk.session, "bid.uncommitted", f"task:{task_id}", {"agent_id": agent_id})


async def reveal(desk: Desk, task_id: TaskId, offer: Bid, signature: bytes, key: RevealKey) -> BidCommit:
    """Takes the bid that a commitment hid, in its window, and seals it until all are shown; again changes nothing."""
    view = await desk.glance(task_id)
    auction = await held_auction(desk.session, task_id)
    now = await database_now(desk.session)
    if auction.closed_at is None or auction.ready_at is not None or (auction.reveals_until or now) <= now:
        raise RevealNotNow(opens_at=auction.closed_at or auction.closes_at, ends_at=auction.reveals_until)
    unpayable = frozenset({desk.deployment.escrow, desk.deployment.token})
    bounds = Bounds(MAX_AMOUNT, 0, unpayable)  # what cannot win may still be revealed: nobody is barred for it
    rules.require_offer(view, offer, task_id, desk.account, bounds)
    digest = typed_data.bid_digest(offer, desk.deployment)
    found = await queries.commit_of(desk.session, auction, offer.agent_id)
    if found is None or found.commitment != commitment_of(digest):
        raise CommitMissing(agent_id=offer.agent_id)
    if found.revealed_at is not None:
        return found
    await signatures.verify_digest(desk.chain, digest, signature, desk.account)
    await require_not_revoked(desk.session, task_id, digest)
    found.sealed = key.seal(Revealed(offer, digest, signature).text())
    found.revealed_at = now
    return found


async def held_auction(session: AsyncSession, task_id: TaskId) -> Auction:
    """A sealed auction, held against its next stage. Raises NotFound, BidsAreOpen."""
    auction = await queries.shared_auction(session, task_id)
    if auction is None:
        raise NotFound(kind="auction")
    require_sealed(auction.kind)
    return auction


def require_sealed(kind: str) -> None:
    """Raises BidsAreOpen."""
    if not AuctionKind(kind).is_sealed:
        raise BidsAreOpen
