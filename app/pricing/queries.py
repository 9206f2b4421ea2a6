"""Every SELECT of moving prices."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.pricing.models import PriceStep, PricingPlan
from app.pricing.rules import Demand

# One pass over the tasks that hold money, for all listings at once: no index leads from an agent to them. A direct hire
# is won when the agent accepts it, which it does by delivering.
DEMANDS = text("""
WITH live AS MATERIALIZED (
    SELECT escrow.agent_id, escrow.state > 1 AS taken, task.capability, task.visibility = 'public'
        AND task.agent = decode(repeat('00', 20), 'hex') AND escrow.last_block <= :final AS is_open
    FROM chain.escrows escrow JOIN market.tasks task USING (task_id) WHERE escrow.state BETWEEN 1 AND 4
), asked AS (
    SELECT plan.listing_id, plan.seen_block, listing.agent_id, listing.capability, listing.capability || '.' AS head
    FROM market.pricing_plans plan JOIN market.listings listing ON listing.id = plan.listing_id
    WHERE plan.listing_id = ANY(CAST(:ids AS uuid[]))
)
SELECT listing_id, (
    SELECT count(*) FROM live WHERE live.taken AND live.agent_id = asked.agent_id
) AS under_way, (
    SELECT count(DISTINCT event.task_id) FROM chain.escrow_events event
    JOIN chain.escrows escrow ON escrow.task_id = event.task_id AND escrow.agent_id = asked.agent_id
    JOIN market.tasks task ON task.task_id = event.task_id
    WHERE event.block_number > asked.seen_block AND event.block_number <= :final
        AND (event.name = 'TaskAwarded'
            OR event.name = 'TaskSubmitted' AND escrow.terms_agent <> decode(repeat('00', 20), 'hex'))
        AND (task.capability = asked.capability OR starts_with(task.capability, head))
) AS won, (
    SELECT count(*) FROM live
    WHERE live.is_open AND NOT live.taken
        AND (live.capability = asked.capability OR starts_with(live.capability, head))
) AS open_tasks, (
    SELECT count(DISTINCT other.agent_id) FROM market.listings other
    WHERE other.visibility = 'public' AND other.availability = 'open'
        AND (other.capability = asked.capability OR starts_with(other.capability, head))
) AS offering
FROM asked
""")


def is_due() -> ColumnElement[bool]:
    """The price moves by itself, and its interval has passed since it was looked at."""
    passed = PricingPlan.looked_at + PricingPlan.interval_seconds * timedelta(seconds=1) <= func.clock_timestamp()
    return PricingPlan.ended_at.is_(None) & passed


async def plan_of(session: AsyncSession, listing_id: UUID, *, locked: bool = False) -> PricingPlan | None:
    """A listing's plan, ended or not."""
    wanted = select(PricingPlan).where(PricingPlan.listing_id == listing_id)
    return (await session.scalars(wanted.with_for_update() if locked else wanted)).one_or_none()


async def locked_due_plan(session: AsyncSession, listing_id: UUID) -> PricingPlan | None:
    """A listing's plan where it is due still: another worker may have looked at it meanwhile."""
    wanted = select(PricingPlan).where(PricingPlan.listing_id == listing_id, is_due())
    return (await session.scalars(wanted.with_for_update())).one_or_none()


async def due_plans(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """Listings whose price is due, the longest waiting first."""
    due = select(PricingPlan.listing_id).where(is_due())
    return (await session.scalars(due.order_by(PricingPlan.looked_at).limit(limit))).all()


async def steps_of(session: AsyncSession, listing_id: UUID, before: int | None, limit: int) -> Sequence[PriceStep]:
    """The steps of a listing's price, newest first, from below the version `before`."""
    wanted = select(PriceStep).where(PriceStep.listing_id == listing_id)
    if before is not None:
        wanted = wanted.where(PriceStep.version < before)
    return (await session.scalars(wanted.order_by(PriceStep.version.desc()).limit(limit))).all()


async def demands(session: AsyncSession, listing_ids: Sequence[UUID], final: int) -> dict[UUID, Demand]:
    """What there is to do for each listing's agent, open and won only up to the block `final`."""
    rows = await session.execute(DEMANDS, {"ids": [str(each) for each in listing_ids], "final": final})
    return {row.listing_id: Demand(row.under_way, row.won, row.open_tasks, row.offering) for row in rows}
