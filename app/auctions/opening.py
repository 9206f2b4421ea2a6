"""What moves an auction from one stage to the next: open, closed, shown, open again. The database's clock decides.

Nothing here commits; an auction's row is locked before it is moved, so that two who move it act in turn.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.auctions import queries
from app.auctions.commitments import auction_id, commit_leaf, hashed, merkle_root, raw
from app.auctions.models import BidCommit, PlacedBid, RevealFailure
from app.auctions.rules import WHOLE_QUALITY, AuctionKind
from app.auctions.sealing import Seal
from app.chain.typed_data import Bid
from app.clock import database_now
from app.database import Digest, Hash32, TaskId
from app.escrow.rules import State
from app.reputation.actions import current_snapshot
from app.tasks.models import Auction
from app.tasks.queries import TaskView, task_of
from app.tasks.rules.plans import MAX_EXTENSIONS, longest_seconds


async def open_funded(session: AsyncSession, seal: Seal | None, task_ids: list[TaskId]) -> None:
    """Starts the clock of auctions whose money has been seen; one that has opened before goes on."""
    for auction, budget in await queries.auctions_to_open(session, task_ids):
        await open_one(session, seal, auction, budget)


async def open_missed(session: AsyncSession, seal: Seal | None, limit: int = 100) -> None:
    """Opens what no announcement will open any more."""
    await open_funded(session, seal, await queries.funded_but_not_opened(session, limit))


async def open_one(session: AsyncSession, seal: Seal | None, auction: Auction, budget: int) -> None:
    """Fixes everything that the rule will reckon with but the bids, and starts the clock. A sealed auction waits for a
    process that holds the auctioneer's key."""
    now, kind = await database_now(session), AuctionKind(auction.kind)
    if kind.is_sealed and seal is None:
        return
    if kind.is_sealed or auction.min_quality is not None:
        frozen = await current_snapshot(session)
        auction.qualities = frozen.digest
        if kind.is_sealed and auction.value is None:
            auction.value = -(-budget * WHOLE_QUALITY // max(1, frozen.prior))
    if kind.is_sealed and seal is not None:
        auction.seed_digest = hashed(raw(seal.seed(auction_id(auction.task_id, auction.round))))
    auction.opened_at, auction.closes_at = now, now + timedelta(seconds=auction.duration_seconds)
    auction.latest_close_at = auction.closes_at + MAX_EXTENSIONS * timedelta(seconds=auction.extension_seconds or 0)
    fixed = fixed_facts(auction, budget)
    document = json.dumps(fixed, sort_keys=True, separators=(",", ":")).encode()
    auction.opening = Digest(Hash32("0x" + hashlib.sha256(document).hexdigest()))
    facts = {"closes_at": auction.closes_at.isoformat(), "opening": fixed, "digest": auction.opening}
    await announce(session, "auction.opened", f"task:{auction.task_id}", facts)


def fixed_facts(auction: Auction, budget: int) -> dict[str, object]:
    """What was fixed at the opening; amounts are strings of base units. `opening` digests its canonical JSON."""

    def text(amount: int | None) -> str | None:
        return None if amount is None else str(amount)

    asked = {} if auction.min_quality is None else {"min_quality": auction.min_quality}
    return asked | {
        "auction_id": auction_id(auction.task_id, auction.round),
        "kind": auction.kind,
        "budget": str(budget),
        "value": text(auction.value),
        "qualities": auction.qualities,
        "seed_digest": auction.seed_digest,
        "duration_seconds": auction.duration_seconds,
        "reveal_seconds": auction.reveal_seconds,
        "start_price": text(auction.start_price),
        "decrement_bps": auction.decrement_bps,
        "extension_seconds": auction.extension_seconds,
    }


async def close_due(session: AsyncSession, limit: int = 20) -> int:
    """Ends the bidding where its time has come; how many. Two closers never close one auction twice."""
    due = await queries.auctions_to_close(session, limit)
    now = await database_now(session)
    for auction in due:
        await close_one(session, auction, now)
    return len(due)


async def close_one(session: AsyncSession, auction: Auction, now: datetime) -> None:
    """What was committed or bid until now is in, and nothing else. The root of all commitments becomes public."""
    auction.closed_at = now
    if not AuctionKind(auction.kind).is_sealed:
        auction.ready_at = now
        facts: dict[str, object] = {"bids": await queries.live_count(session, auction)}
    else:
        commits = await queries.commits_of(session, auction)
        auction.commit_root = merkle_root(commit_leaf(each.agent_id, each.commitment) for each in commits)
        auction.reveals_until = now + timedelta(seconds=auction.reveal_seconds or 0)
        if not commits:
            auction.ready_at = now
        facts = {
            "commits": len(commits),
            "root": auction.commit_root,
            "reveals_until": auction.reveals_until.isoformat(),
        }
    await announce(session, "auction.closed", f"task:{auction.task_id}", facts)


async def show_due(session: AsyncSession, seal: Seal, limit: int = 20) -> int:
    """Shows all reveals of an auction at once, when its window has ended; how many auctions.

    Raises nacl.exceptions.CryptoError where another auctioneer's key sealed them.
    """
    due = await queries.auctions_to_show(session, limit)
    now = await database_now(session)
    for auction in due:
        view = await task_of(session, auction.task_id)
        if view is not None:
            await show_one(session, seal, view, auction, now)
    return len(due)


async def show_one(session: AsyncSession, seal: Seal, view: TaskView, auction: Auction, now: datetime) -> None:
    """The revealed become bids; the others are remembered, unless the task ended before the window did."""
    commits = await queries.commits_of(session, auction)
    shown, silent = [each for each in commits if each.sealed], [each for each in commits if not each.sealed]
    revoked = await queries.revoked_on(session, view.task_id)
    rows = [bid_row(commit, Revealed.read(seal.open(commit.sealed or b"")), revoked, now) for commit in shown]
    if rows:
        await session.execute(insert(PlacedBid).on_conflict_do_nothing(), rows)
    for commit, row in zip(shown, rows, strict=True):
        commit.sealed = None
        if row["struck_at"] is not None:
            await remember_failure(session, view, commit.round, commit.agent_id, commit.agent, "revoked")
    if view.escrow is not None and view.escrow.state == State.FUNDED:
        for commit in silent:
            await remember_failure(session, view, commit.round, commit.agent_id, commit.agent, "unrevealed")
    auction.ready_at = now
    facts = {"bids": len(shown), "unrevealed": [each.agent_id for each in silent]}
    await announce(session, "auction.revealed", f"task:{auction.task_id}", facts)


def bid_row(commit: BidCommit, revealed: "Revealed", revoked: frozenset[str], now: datetime) -> dict[str, object]:
    """A bid as it is stored when it is shown; one that was revoked after it was committed to is struck."""
    struck = revealed.digest in revoked
    return {
        **vars(revealed.bid),
        "digest": revealed.digest,
        "signature": revealed.signature,
        "round": commit.round,
        "placed_at": commit.revealed_at,
        "struck_at": now if struck else None,
        "struck_reason": "BidIsRevoked" if struck else None,
    }


async def remember_failure(
    session: AsyncSession, view: TaskView, round_: int, agent_id: int, agent: str, reason: str
) -> None:
    """An entry on the bidder's record, as heavy as the budget. Again changes nothing."""
    place = {"task_id": view.task_id, "round": round_, "agent_id": agent_id}
    values = {**place, "agent": agent, "budget": view.task.budget, "reason": reason}
    fresh = insert(RevealFailure).values(values).on_conflict_do_nothing().returning(RevealFailure.agent_id)
    if (await session.execute(fresh)).one_or_none() is not None:
        facts = {"agent_id": agent_id, "reason": reason, "budget": str(view.task.budget)}
        await announce(session, "bid.unkept", f"task:{view.task_id}", facts)


def can_open_again(view: TaskView, auction: Auction) -> bool:
    """Once, where another round ends before awardBy."""
    return auction.round == 0 and view.time + longest_seconds(auction) < view.task.award_by


async def open_again(session: AsyncSession, seal: Seal | None, view: TaskView, auction: Auction) -> None:
    """A new round under the same plan: earlier bids are out, commitments name another auction."""
    auction.round, auction.attempts = auction.round + 1, 0
    for name in ("opened_at", "closes_at", "latest_close_at", "closed_at", "reveals_until", "ready_at"):
        setattr(auction, name, None)
    for name in ("winner", "price", "transcript", "award_intent_id", "commit_root", "seed_digest", "opening"):
        setattr(auction, name, None)
    await session.execute(delete(BidCommit).where(BidCommit.task_id == auction.task_id))
    await announce(session, "auction.reopened", f"task:{view.task_id}", {"round": auction.round})
    await open_one(session, seal, auction, view.task.budget)
    await session.flush()


@dataclass(frozen=True)
class Revealed:
    """A bid as it was sealed, with its EIP-712 digest."""

    bid: Bid
    digest: Digest
    signature: bytes

    def text(self) -> bytes:
        said = {**vars(self.bid), "digest": self.digest, "signature": self.signature.hex()}
        return json.dumps(said, separators=(",", ":")).encode()

    @classmethod
    def read(cls, text: bytes) -> "Revealed":
        said = json.loads(text)
        digest, signature = said.pop("digest"), bytes.fromhex(said.pop("signature"))
        return cls(Bid(**said), digest, signature)
