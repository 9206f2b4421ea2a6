"""Wire shapes of prices and statistics."""

from collections.abc import Sequence

from pydantic import BaseModel

from app.agents.models import AgentPerformance
from app.agents.rules import share
from app.agents.schemas import Figures, figures
from app.analytics.queries import Statistics, Stretch
from app.analytics.rules import Per, Prices, Size
from app.web.fields import Amount


class PricesView(BaseModel):
    """What deals paid, in base units: `quantiles` by percent, null where fewer than five tell. `capability` is what was
    reckoned over in the end, the one above where it has too few; `size` is null where sizes were put together."""

    asked: str
    capability: str
    size: Size | None
    days: int
    deals: int
    quantiles: dict[str, Amount] | None


class StatisticsView(BaseModel):
    """A market in a number of days, and as it stands: amounts in base units, times in seconds of the chain. `success`
    is the share of paid deals among those that an agent had, as text; null without any."""

    capability: str | None
    days: int
    deals: int
    paid: int
    abandoned: int
    unawarded: int
    success: str | None
    volume: Amount
    fees: Amount
    agents: int
    median_seconds_to_award: int | None
    median_seconds_to_end: int | None
    posted: int
    open_tasks: int
    open_budget: Amount


class CapabilityFigures(Figures):
    capability: str


class StretchFigures(Figures):
    """Of what ended in a week or month that began at `start`, in unix seconds of the chain."""

    start: int


class PerformanceView(BaseModel):
    """`whole` is null without final work; `capabilities` are the fifty with the most; `history` is newest first, and
    leaves out stretches without any."""

    agent_id: int
    whole: Figures | None
    capabilities: list[CapabilityFigures]
    per: Per
    history: list[StretchFigures]


def performance_view(
    agent_id: int, rows: Sequence[AgentPerformance], per: Per, stretches: Sequence[Stretch]
) -> PerformanceView:
    whole = next((row for row in rows if row.capability == ""), None)
    return PerformanceView(
        agent_id=agent_id,
        whole=None if whole is None else Figures(**figures(whole)),
        capabilities=[CapabilityFigures(capability=row.capability, **figures(row)) for row in rows if row.capability],
        per=per,
        history=[StretchFigures(start=each.start, **figures(each)) for each in stretches],
    )


def prices_view(asked: str, capability: str, size: Size | None, days: int, found: Prices) -> PricesView:
    quantiles = None
    if found.quantiles is not None:
        quantiles = {f"p{percent}": amount for percent, amount in found.quantiles.items()}
    return PricesView(asked=asked, capability=capability, size=size, days=days, deals=found.deals, quantiles=quantiles)


def statistics_view(capability: str | None, days: int, found: Statistics) -> StatisticsView:
    return StatisticsView(
        capability=capability,
        days=days,
        deals=found.deals,
        paid=found.paid,
        abandoned=found.abandoned,
        unawarded=found.unawarded,
        success=share(found.paid, found.abandoned),
        volume=found.volume,
        fees=found.fees,
        agents=found.agents,
        median_seconds_to_award=found.seconds_to_award,
        median_seconds_to_end=found.seconds_to_end,
        posted=found.posted,
        open_tasks=found.open_tasks,
        open_budget=found.open_budget,
    )
