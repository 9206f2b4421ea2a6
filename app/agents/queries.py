"""Reading agents: the registry's mirror with the profile beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.mirror_models import ChainAgent
from app.agents.models import AgentHeartbeat, AgentPerformance, AgentProfile, StandingReview
from app.database import Address

HEARTBEAT_SECONDS = 120
"""After so long without a sign of life an agent counts as away."""
ALIVE = and_(
    AgentHeartbeat.state == "ready",
    AgentHeartbeat.seen_at > func.clock_timestamp() - timedelta(seconds=HEARTBEAT_SECONDS),
)


@dataclass(frozen=True)
class Agent:
    """What the registry says of an agent, what its controller and it itself say, and what its work adds up to."""

    chain: ChainAgent
    profile: AgentProfile | None
    live: str | None = None
    reviews: int = 0
    stars: int = 0
    """The sum over its reviews that stand."""
    performance: AgentPerformance | None = None


async def agent_of(session: AsyncSession, agent_id: int) -> ChainAgent | None:
    """The mirrored agent, None where no registration has been seen."""
    return (await session.scalars(select(ChainAgent).where(ChainAgent.agent_id == agent_id))).one_or_none()


async def agents_by_id(session: AsyncSession, agent_ids: Sequence[int]) -> dict[int, ChainAgent]:
    """Those of these agents that were mirrored, by id."""
    found = await session.scalars(select(ChainAgent).where(ChainAgent.agent_id.in_(agent_ids)))
    return {agent.agent_id: agent for agent in found}


async def agent_with_profile(session: AsyncSession, agent_id: int) -> Agent | None:
    """One agent as it is shown."""
    row = (await session.execute(agents().where(ChainAgent.agent_id == agent_id))).one_or_none()
    if row is None:
        return None
    given = (await stars_of(session, [agent_id])).get(agent_id, (0, 0))
    whole = await session.get(AgentPerformance, (agent_id, ""))
    return Agent(row[0], row[1], await live_state(session, agent_id), *given, performance=whole)


async def stars_of(session: AsyncSession, agent_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How many reviews of buyers stand, and the sum of their stars; agents without one are missing."""
    wanted = select(StandingReview.agent_id, func.count(), func.sum(StandingReview.stars))
    of_these = wanted.where(StandingReview.agent_id.in_(agent_ids), StandingReview.side == "buyer")
    rows = await session.execute(of_these.group_by(StandingReview.agent_id))
    return {agent_id: (count, int(stars)) for agent_id, count, stars in rows}


async def performances_of(session: AsyncSession, agent_id: int, limit: int) -> list[AgentPerformance]:
    """What an agent's final work adds up to: all of it first, then by capability, most work first."""
    mine = select(AgentPerformance).where(AgentPerformance.agent_id == agent_id)
    order = (AgentPerformance.awarded.desc(), AgentPerformance.capability)
    return list(await session.scalars(mine.order_by(AgentPerformance.capability != "", *order).limit(limit)))


async def live_state(session: AsyncSession, agent_id: int) -> str | None:
    """ready, busy or away by the agent's last sign of life; None where it never gave one."""
    fresh = AgentHeartbeat.seen_at > func.clock_timestamp() - timedelta(seconds=HEARTBEAT_SECONDS)
    wanted = select(AgentHeartbeat.state, fresh).where(AgentHeartbeat.agent_id == agent_id)
    row = (await session.execute(wanted)).one_or_none()
    return None if row is None else (row[0] if row[1] else "away")


async def agents_with_profiles(
    session: AsyncSession, *, owner: Address | None, after: int | None, limit: int
) -> list[Agent]:
    """At most `limit` agents by id, after the id `after`; those of `owner` only, if given."""
    wanted = agents().order_by(ChainAgent.agent_id).limit(limit)
    if owner is not None:
        wanted = wanted.where(ChainAgent.owner == owner)
    if after is not None:
        wanted = wanted.where(ChainAgent.agent_id > after)
    rows = (await session.execute(wanted)).all()
    given = await stars_of(session, [chain.agent_id for chain, _ in rows])
    return [Agent(chain, profile, None, *given.get(chain.agent_id, (0, 0))) for chain, profile in rows]


def agents() -> Select[ChainAgent, AgentProfile]:
    """Every agent; the profile is None where none was written."""
    return select(ChainAgent, AgentProfile).outerjoin(AgentProfile, AgentProfile.agent_id == ChainAgent.agent_id)
