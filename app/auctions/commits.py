"""Taking part in a sealed auction: a commitment before the close, the bid itself in the reveal window.

Commitments may come many at once; each is answered for itself. Nothing here commits to the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.queries import same_account
from app.agents import queries as agents
from app.agents.actions import controls
from app.announcements.actions import announce_all
from app.auctions import queries, rules
from app.auctions.actions import require_not_revoked
from app.auctions.commitments import auction_id, bid_commit_digest, commitment_of
from app.auctions.models import BidCommit, RevealFailure
from app.auctions.opening import Revealed
from app.auctions.queries import BAR
from app.auctions.rules import AuctionKind, Bounds
from app.auctions.sealing import RevealKey
from app.chain import signatures, typed_data
from app.chain.typed_data import Bid
from app.clock import database_now
from app.database import Address, Hash32, TaskId
from app.errors import (
    AgentIdNotControlled,
    BarredFromSealed,
    BatchTooLarge,
    BidderIsLinked,
    BiddingClosed,
    BidNotYours,
    BidsAreOpen,
    CommitMissing,
    CommitOfOtherAuction,
    GuildhallError,
    NotFound,
    RevealNotNow,
)
from app.money import MAX_AMOUNT
from app.tasks.models import Auction
from app.tasks.queries import TaskView, tasks_of
from app.tasks.rules import may_see
from app.tasks.signing import Desk

MAX_BATCH = 100
STORE = text("""
INSERT INTO market.bid_commits AS held (task_id, round, agent_id, agent, commitment, signature)
SELECT auction.task_id, auction.round, given.agent_id, :agent, given.commitment, given.signature
FROM unnest(CAST(:tasks AS bytea[]), CAST(:rounds AS smallint[]), CAST(:agents AS bigint[]),
            CAST(:commitments AS bytea[]), CAST(:signatures AS bytea[]))
    AS given (task_id, round, agent_id, commitment, signature)
JOIN market.auctions auction ON auction.task_id = given.task_id AND auction.round = given.round
WHERE auction.closed_at IS NULL AND (auction.closes_at IS NULL OR auction.closes_at > clock_timestamp())
ORDER BY auction.task_id, given.agent_id
FOR SHARE OF auction
ON CONFLICT (task_id, round, agent_id) DO UPDATE
SET agent = excluded.agent, commitment = excluded.commitment, signature = excluded.signature,
    committed_at = clock_timestamp()
RETURNING held.task_id, held.agent_id
""")
"""Holds each auction against its close, then looks at the database's clock: what is stored is in."""


@dataclass(frozen=True)
class Commit:
    """What an agent sends: its signature over BidCommit{auctionId, commitment, agentId}."""

    task_id: TaskId
    agent_id: int
    auction_id: Hash32
    commitment: Hash32
    signature: bytes


@dataclass(frozen=True)
class Surroundings:
    """What the rules need of several tasks and agents, read at once."""

    views: dict[TaskId, TaskView]
    controlled: frozenset[int]
    linked: frozenset[Address]
    barred: dict[int, RevealFailure]


async def commit_all(desk: Desk, commits: Sequence[Commit]) -> list[GuildhallError | None]:
    """Stores what may be stored, each in the place of the agent's earlier one; per commitment None, or why not.

    Raises BatchTooLarge, and ChainUnavailable where a contract wallet could not be asked.
    """
    if len(commits) > MAX_BATCH or len({(each.task_id, each.agent_id) for each in commits}) < len(commits):
        raise BatchTooLarge(limit=MAX_BATCH)
    around = await surroundings(desk, commits)
    outcomes = [await fault_of(desk, around, each) for each in commits]
    good = [each for each, fault in zip(commits, outcomes, strict=True) if fault is None]
    stored = await store(desk, around, good)
    for place, each in enumerate(commits):
        if outcomes[place] is None and (each.task_id, each.agent_id) not in stored:
            auction = around.views[each.task_id].auction
            outcomes[place] = BiddingClosed(closes_at=auction.closes_at if auction else None)
    said = [(f"task:{task_id}", agent_id) for task_id, agent_id in stored]
    await announce_all(desk.session, [("bid.committed", subject, {"agent_id": agent}) for subject, agent in said])
    return outcomes


async def surroundings(desk: Desk, commits: Sequence[Commit]) -> Surroundings:
    """Reads everything about the tasks and agents of a batch."""
    found = await tasks_of(desk.session, [each.task_id for each in commits])
    views = {view.task_id: view for view in found if may_see(view, desk.account)}
    ids = sorted({each.agent_id for each in commits})
    mirrored = await agents.agents_by_id(desk.session, ids)
    controlled = [each.agent_id for each in mirrored if await controls(desk.registry, each, desk.account)]
    buyers = {Address(view.task.buyer) for view in views.values()}
    linked = [buyer for buyer in sorted(buyers) if await same_account(desk.session, buyer, desk.account)]
    barred = await queries.last_failure(desk.session, ids, desk.account)
    return Surroundings(views, frozenset(controlled), frozenset(linked), barred)


async def fault_of(desk: Desk, around: Surroundings, commit: Commit) -> GuildhallError | None:
    """The first rule that a commitment breaks."""
    try:
        view = around.views.get(commit.task_id)
        if view is None or view.auction is None:
            raise NotFound(kind="auction")
        require_sealed(view.auction)
        rules.require_outsider(view.task, desk.account)
        if Address(view.task.buyer) in around.linked:
            raise BidderIsLinked(agent=desk.account, buyer=view.task.buyer)
        rules.require_bidding(view)
        expected = auction_id(view.task_id, view.auction.round)
        if commit.auction_id != expected:
            raise CommitOfOtherAuction(auction_id=commit.auction_id, expected=expected)
        if commit.agent_id not in around.controlled:
            raise AgentIdNotControlled(account=desk.account, agent_id=commit.agent_id)
        failure = around.barred.get(commit.agent_id)
        if failure is not None:
            until = failure.at + BAR
            raise BarredFromSealed(agent_id=commit.agent_id, task_id=failure.task_id, until=until)
        signed = bid_commit_digest(desk.deployment, commit.auction_id, commit.commitment, commit.agent_id)
        await signatures.verify_digest(desk.chain, signed, commit.signature, desk.account)
    except GuildhallError as fault:
        return fault
    return None


async def store(desk: Desk, around: Surroundings, commits: Sequence[Commit]) -> set[tuple[str, int]]:
    """Stores commitments whose auction is still open; which."""
    if not commits:
        return set()
    auctions = [around.views[each.task_id].auction for each in commits]
    given = {
        "agent": bytes.fromhex(desk.account[2:]),
        "tasks": [bytes.fromhex(each.task_id[2:]) for each in commits],
        "rounds": [0 if auction is None else auction.round for auction in auctions],
        "agents": [each.agent_id for each in commits],
        "commitments": [bytes.fromhex(each.commitment[2:]) for each in commits],
        "signatures": [each.signature for each in commits],
    }
    rows = await desk.session.execute(STORE, given)
    return {("0x" + row.task_id.hex(), row.agent_id) for row in rows}


async def withdraw_commit(desk: Desk, task_id: TaskId, agent_id: int) -> None:
    """Takes a commitment back before the close. Raises BiddingClosed afterwards, NotFound where there is none."""
    await desk.task(task_id)
    auction = await held_auction(desk.session, task_id)
    found = await queries.commit_of(desk.session, auction, agent_id)
    if found is None:
        raise NotFound(kind="commitment")
    if found.agent != desk.account:
        raise BidNotYours(agent=found.agent, account=desk.account, verb="withdraw")
    now = await database_now(desk.session)
    if auction.closed_at is not None or (auction.closes_at is not None and auction.closes_at <= now):
        raise BiddingClosed(closes_at=auction.closes_at)
    await desk.session.delete(found)
    facts = {"agent_id": agent_id}
    await announce_all(desk.session, [("bid.uncommitted", f"task:{task_id}", facts)])


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
    require_sealed(auction)
    return auction


def require_sealed(auction: Auction) -> None:
    """Raises BidsAreOpen."""
    if not AuctionKind(auction.kind).is_sealed:
        raise BidsAreOpen
