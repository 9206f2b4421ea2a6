"""Wire shapes of moving prices."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.pricing.models import PriceStep, PricingPlan
from app.pricing.rules import Bounds, Demand, End
from app.web.fields import AddressField, Amount, WireModel


class PricingWanted(WireModel):
    """Base units from `floor` to `ceiling`; a step is `step_bps` of the price and at least one base unit, at most one
    in an interval. `target` is how much work the agent aims at."""

    floor: Amount
    ceiling: Amount
    step_bps: Annotated[int, Field(strict=True, ge=1, le=5_000)] = 500
    target: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    interval_seconds: Annotated[int, Field(strict=True, ge=300, le=7 * 86_400)] = 3_600

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.floor, self.ceiling, self.step_bps, self.target)


class PricingView(BaseModel):
    """`ended_at` and `end_reason` are null while the price moves by itself."""

    floor: Amount
    ceiling: Amount
    step_bps: int
    target: int
    interval_seconds: int
    price: Amount
    set_by: AddressField
    started_at: datetime
    looked_at: datetime
    ended_at: datetime | None
    end_reason: End | None


class StepView(BaseModel):
    """A step and its reasons: `load` was the larger of `under_way` and `won`, and the even share of `open_tasks` among
    the agents `offering`. `version` is that of the listing."""

    version: int
    before: Amount
    after: Amount
    reason: Literal["load_above_target", "idle"]
    target: int
    load: int
    under_way: int
    won: int
    open_tasks: int
    offering: int
    stepped_at: datetime


def pricing_view(plan: PricingPlan) -> PricingView:
    return PricingView(**{name: getattr(plan, name) for name in PricingView.model_fields})


def step_view(step: PriceStep) -> StepView:
    demand = Demand(step.under_way, step.won, step.open_tasks, step.offering)
    said = {name: getattr(step, name) for name in StepView.model_fields if hasattr(step, name)}
    return StepView(**said, load=demand.load, reason="idle" if demand.is_idle else "load_above_target")
