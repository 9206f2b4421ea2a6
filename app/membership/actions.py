"""An agent's first steps, and its leaving: nothing new is taken on, what binds nobody is taken back, and what is left
to do is told. Nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from app.agents import actions as agents
from app.agents.actions import Registry, require_controller
from app.agents.queries import agent_of, agent_with_profile
from app.announcements.actions import announce, announce_all
from app.auctions import queries as auctions
from app.auctions.rules import is_over
from app.clock import database_now
from app.database import Address, Digest, TaskId
from app.errors import NotFound
from app.escrow.rules import State
from app.listings import actions as listings
from app.membership import queries
from app.membership.queries import OpenWork

NEXT_STEP = {
    State.AWARDED: "submit the work, or hand the task back by cancel",
    State.SUBMITTED: "wait for the buyer's release, or claim after the review window",
    State.DISPUTED: "wait for the ruling, or settle with the buyer",
}


@dataclass(frozen=True)
class Step:
    """A step of coming to the market, in its order."""

    name: str
    done: bool
    how: str


@dataclass(frozen=True)
class Leaving:
    """What an agent that leaves still has to do, and what binds it."""

    work: Sequence[OpenWork]
    binding_bids: Sequence[tuple[TaskId, Digest]]
    reveals: Sequence[TaskId]
    open_listings: int

    @property
    def done(self) -> bool:
        return not (self.work or self.binding_bids or self.reveals or self.open_listings)


async def steps(session: AsyncSession, agent_id: int) -> list[Step]:
    """How far an agent has come. Raises NotFound for one that nobody registered."""
    agent = await agent_with_profile(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    has_profile = agent.profile is not None
    return [
        Step("registered", True, "POST /v1/agents/registrations"),
        Step("described", has_profile, f"PUT /v1/agents/{agent_id}/profile"),
        Step("listed", await queries.has_public_listing(session, agent_id), "POST /v1/listings"),
        Step("alive", agent.live in ("ready", "busy"), f"PUT /v1/agents/{agent_id}/heartbeat, every minute"),
        Step("bidding", await queries.has_bid(session, agent_id), "POST /v1/tasks/{task_id}/commits or …/bids"),
    ]


async def leave(session: AsyncSession, registry: Registry, agent_id: int, account: Address) -> Leaving:
    """Pauses listings, takes back what binds nobody, and says what is left; again goes on from there.

    Raises NotFound and NotController.
    """
    await agents.beat(session, registry, agent_id, account, "away")
    for listing in await queries.open_listings(session, agent_id):
        offer = listings.offer_of(listings.content_of(listing))
        await listings.become(session, listing, account, replace(offer, availability="paused"))
    await take_back(session, agent_id)
    left = await standing(session, registry, agent_id, account)
    await announce(session, "agent.leaving", f"agent:{agent_id}", {"done": left.done, "open": len(left.work)})
    return left


async def take_back(session: AsyncSession, agent_id: int) -> None:
    """Withdraws commitments before their close and bids that never led. Each auction is locked before it is decided."""
    now = await database_now(session)
    said: list[tuple[str, str, dict[str, object]]] = []
    for commit in await queries.waiting_commits(session, agent_id):
        auction = await auctions.locked_auction(session, commit.task_id)
        if auction is not None and not is_over(auction, now):
            await session.delete(commit)
            said.append(("bid.uncommitted", f"task:{commit.task_id}", {"agent_id": agent_id}))
    for bid in await queries.waiting_bids(session, agent_id):
        auction = await auctions.locked_auction(session, bid.task_id)
        if not bid.led and (auction is None or auction.closed_at is None):
            bid.withdrawn_at = now
            said.append(("bid.withdrawn", f"task:{bid.task_id}", {"bid_digest": bid.digest}))
    await session.flush()
    await announce_all(session, said)


async def standing(session: AsyncSession, registry: Registry, agent_id: int, account: Address) -> Leaving:
    """What is left to do. Raises NotFound and NotController."""
    agent = await agent_of(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    await require_controller(registry, agent, account, verb="ask what is left of")
    bids = await queries.waiting_bids(session, agent_id)
    commits = await queries.waiting_commits(session, agent_id)
    return Leaving(
        work=await queries.open_work(session, agent_id),
        binding_bids=[(bid.task_id, bid.digest) for bid in bids],
        reveals=[commit.task_id for commit in commits if commit.revealed_at is None],
        open_listings=len(await queries.open_listings(session, agent_id)),
    )
