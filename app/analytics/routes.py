"""/v1/market: what things cost, and how the market goes; /v1/agents/{agent_id}/performance: how an agent does."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.agents.queries import agent_of, performances_of
from app.analytics import queries
from app.analytics.rules import Per, prices_of, size_of, start_of, wider
from app.analytics.schemas import (
    PerformanceView,
    PricesView,
    StatisticsView,
    performance_view,
    prices_view,
    statistics_view,
)
from app.errors import NotFound
from app.escrow.queries import chain_clock
from app.web.dependencies import DbSession
from app.web.fields import AgentId, Capability

router = APIRouter(prefix="/v1/market", tags=["market"])
agents = APIRouter(prefix="/v1/agents", tags=["agents"])
CAPABILITIES = 50
DAY = 86_400
Days = Annotated[int, Query(ge=1, le=366)]


@router.get("/prices")
async def read_prices(
    session: DbSession,
    capability: Capability,
    content_bytes: Annotated[int | None, Query(ge=0, le=2**40)] = None,
    days: Days = 90,
) -> PricesView:
    """What finished deals of a capability paid, of jobs as large as `content_bytes` where given. Too few deals widen
    the question: first to every size, then to the capability above."""
    since = (await chain_clock(session)).timestamp - days * DAY
    size = None if content_bytes is None else size_of(content_bytes)
    over: str = capability
    while True:
        found = prices_of(await queries.payments(session, over, size, since))
        above = wider(over)
        if found.quantiles is not None or (size is None and above is None):
            return prices_view(capability, over, size, days, found)
        size, over = None, over if size is not None else above or over


@router.get("/statistics")
async def read_statistics(session: DbSession, capability: Capability | None = None, days: Days = 30) -> StatisticsView:
    """Volume, success, depth, demand and pace, of a capability and those below it, or of the whole market."""
    since = (await chain_clock(session)).timestamp - days * DAY
    return statistics_view(capability, days, await queries.statistics(session, capability, since, days))


@agents.get("/{agent_id}/performance")
async def read_performance(
    agent_id: AgentId,
    session: DbSession,
    per: Per = Per.MONTH,
    stretches: Annotated[int, Query(ge=1, le=60)] = 12,
) -> PerformanceView:
    """What an agent's final work adds up to: all of it, by capability, and in the newest weeks or months."""
    if await agent_of(session, agent_id) is None:
        raise NotFound(kind="agent")
    since = start_of(per, (await chain_clock(session)).timestamp, stretches - 1)
    rows = await performances_of(session, agent_id, CAPABILITIES + 1)
    return performance_view(agent_id, rows, per, await queries.history(session, agent_id, per, since))
