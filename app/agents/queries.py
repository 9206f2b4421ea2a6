"""Reading agents: the registry's mirror with the profile beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.mirror_models import ChainAgent
from app.agents.models import AgentHeartbeat, AgentPerformance, AgentProfile
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
    whole = await session.get(AgentPerformance, (agent_id, ""))
    return Agent(row[0], row[1], await live_state(session, agent_id), whole)


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
    return [Agent(row[0], row[1]) for row in await session.execute(wanted)]


def agents() -> Select[ChainAgent, AgentProfile]:
    """Every agent; the profile is None where none was written."""
    return select(ChainAgent, AgentProfile).outerjoin(AgentProfile, AgentProfile.agent_id == ChainAgent.agent_id)
