"""Every SELECT of routing."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.mirror_models import ChainAgent
from app.agents.models import AgentHeartbeat, AgentProfile
from app.catalogue.models import Capability
from app.catalogue.queries import at_or_below
from app.catalogue.rules import Contract, Version
from app.database import Address, AddressColumn
from app.listings.models import Listing
from app.listings.rules import Pricing, Visibility
from app.reputation.models import JudgedAgent
from app.routing.models import Call, PulledCall, PullingAgent
from app.routing.rules import Candidate

REGION = "region:"
MOST_OFFERS = 20_000
LOST_SECONDS = 300
PULL = "pull:"
"""The scheme of an offer whose agent pulls; the rest is its id."""
PULLING_SECONDS = 60
"""So long after it last asked, an agent is given calls."""


async def candidates(session: AsyncSession, capability: str, newcomer: int) -> list[Candidate]:
    """Public, open offers per call at or below a capability that say where to call, or whose agents ask for calls; no
    agent that says that it is away. Qualities are millionths, a newcomer's where there is no score."""
    since = func.clock_timestamp() - timedelta(seconds=PULLING_SECONDS)
    pulls = case((PullingAgent.seen_at > since, func.concat(PULL, Listing.agent_id)))
    endpoint = func.coalesce(Listing.endpoint, pulls, AgentProfile.endpoint)
    payee = func.coalesce(ChainAgent.wallet, ChainAgent.owner, type_=AddressColumn())
    found = (
        select(Listing, endpoint, func.coalesce(JudgedAgent.score, newcomer), payee)
        .join(ChainAgent, ChainAgent.agent_id == Listing.agent_id)
        .outerjoin(AgentProfile, AgentProfile.agent_id == Listing.agent_id)
        .outerjoin(PullingAgent, PullingAgent.agent_id == Listing.agent_id)
        .outerjoin(JudgedAgent, JudgedAgent.agent_id == Listing.agent_id)
        .outerjoin(AgentHeartbeat, AgentHeartbeat.agent_id == Listing.agent_id)
        .where(at_or_below(Listing.capability, capability), endpoint.is_not(None))
        .where(Listing.pricing == Pricing.PER_CALL, Listing.price.is_not(None))
        .where(Listing.visibility == Visibility.PUBLIC, Listing.availability == "open")
        .where(or_(AgentHeartbeat.state.is_(None), AgentHeartbeat.state != "away"))
        .order_by(Listing.agent_id, Listing.price, Listing.id)
        .limit(MOST_OFFERS)
    )
    # Of several offers of an agent the cheapest: the order of the rows puts it first.
    cheapest: dict[int, Candidate] = {}
    for row in await session.execute(found):
        cheapest.setdefault(row[0].agent_id, candidate_of(*row))
    return list(cheapest.values())


def candidate_of(listing: Listing, endpoint: str, quality: int, payee: str) -> Candidate:
    """An offer as it is chosen by."""
    regions = [tag.removeprefix(REGION) for tag in listing.tags if tag.startswith(REGION)]
    return Candidate(
        agent_id=listing.agent_id,
        listing_id=str(listing.id),
        capability=listing.capability,
        endpoint=endpoint,
        price=listing.price or 0,
        quality=quality,
        keeps_to=listing.keeps_to,
        region=regions[0] if regions else None,
        max_concurrent=listing.limits.get("max_concurrent"),
        max_input_bytes=listing.limits.get("max_input_bytes"),
        payee=payee,
    )


async def contracts(session: AsyncSession, offers: Iterable[Candidate]) -> dict[tuple[str, str], Contract]:
    """The schemas that offers keep to, by capability and version."""
    wanted = sorted({(each.capability, each.keeps_to) for each in offers if each.keeps_to is not None})
    found: dict[tuple[str, str], Contract] = {}
    if wanted:
        named = [(name, each.major, each.minor) for name, each in ((name, Version.read(text)) for name, text in wanted)]
        key = tuple_(Capability.name, Capability.major, Capability.minor)
        for each in await session.scalars(select(Capability).where(key.in_(named))):
            found[each.name, str(each.version)] = each.contract
    return found


async def call_of(session: AsyncSession, account: Address, call_id: UUID, *, locked: bool = False) -> Call | None:
    """One call of an account."""
    return await session.get(Call, (account, call_id), with_for_update=locked or None, populate_existing=locked)


async def lost_calls(session: AsyncSession, limit: int) -> Sequence[Call]:
    """Calls whose process went long ago and that hold money of a channel back, locked."""
    over = Call.deadline < func.clock_timestamp() - timedelta(seconds=LOST_SECONDS)
    found = select(Call).where(Call.state == "running", Call.channel_id.is_not(None), over).limit(limit)
    return (await session.scalars(found.with_for_update(skip_locked=True))).all()


async def calls_of(
    session: AsyncSession, account: Address, state: str | None, after: tuple[Any, ...] | None, limit: int
) -> list[Call]:
    """An account's calls, newest first; `lost` are those whose process went before their deadline."""
    wanted = select(Call).where(Call.account == account)
    over = Call.deadline < func.clock_timestamp()
    if state == "lost":
        wanted = wanted.where(and_(Call.state == "running", over))
    elif state is not None:
        wanted = wanted.where(Call.state == state)
    if after is not None:
        wanted = wanted.where(tuple_(Call.created_at, Call.call_id) < after)
    ordered = wanted.order_by(Call.created_at.desc(), Call.call_id.desc()).limit(limit)
    return list(await session.scalars(ordered))


def ended_before(days: int) -> Select[Address, UUID]:
    """The names of calls that were answered or failed so long ago."""
    old = Call.ended_at < func.clock_timestamp() - timedelta(days=days)
    return select(Call.account, Call.call_id).where(Call.state.in_(("answered", "failed")), old)


def is_waiting() -> ColumnElement[bool]:
    """Whether a call can still be taken by its agent."""
    return and_(PulledCall.taken_at.is_(None), PulledCall.expires_at > func.clock_timestamp())


def oldest_waiting(agent_id: int) -> Select[UUID]:
    """The id of the call that an agent takes next, locked; another that asks at once gets another."""
    found = select(PulledCall.id).where(PulledCall.agent_id == agent_id, is_waiting())
    return found.order_by(PulledCall.created_at).limit(1).with_for_update(skip_locked=True)


async def ended_of(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[PulledCall]:
    """Those of these calls that their agents answered or gave up."""
    ended = select(PulledCall).where(PulledCall.id.in_(ids), PulledCall.ended_at.is_not(None))
    return (await session.scalars(ended)).all()


async def called_of(session: AsyncSession, agent_ids: Sequence[int]) -> Sequence[int]:
    """Those of these agents for whom a call waits."""
    called = select(PulledCall.agent_id).where(PulledCall.agent_id.in_(agent_ids), is_waiting()).distinct()
    return (await session.scalars(called)).all()


async def taken_call(session: AsyncSession, agent_id: int, named: UUID) -> PulledCall | None:
    """A call that this agent took, be it over or not."""
    mine = (PulledCall.id == named, PulledCall.agent_id == agent_id, PulledCall.taken_at.is_not(None))
    return (await session.scalars(select(PulledCall).where(*mine))).one_or_none()
