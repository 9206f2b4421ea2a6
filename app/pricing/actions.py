"""Letting a listing's price move, stopping that, and moving it. Nothing here commits."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.actions import Registry, require_controller
from app.agents.queries import agent_of
from app.announcements.actions import announce
from app.clock import database_now
from app.database import Address
from app.errors import NotFound
from app.escrow.queries import chain_clock
from app.listings import actions as listings
from app.listings import queries as listing_queries
from app.listings.models import Listing
from app.listings.rules import Visibility
from app.pricing import queries
from app.pricing.models import PriceStep, PricingPlan
from app.pricing.rules import Bounds, Demand, End, next_price, require_bounds


async def opt_in(
    session: AsyncSession, registry: Registry, listing_id: UUID, account: Address, bounds: Bounds, interval_seconds: int
) -> PricingPlan:
    """Lets the price move from where it is; again changes the bounds.

    Raises NotFound, NotController, PricingRefused.
    """
    listing = await listings.own_listing(session, registry, listing_id, account, "change a listing of")
    require_bounds(listing.price, bounds)
    now, final = await database_now(session), (await chain_clock(session)).finalized_number
    said = vars(bounds) | {"interval_seconds": interval_seconds, "price": listing.price, "set_by": account}
    begun = {"seen_block": final, "started_at": now, "looked_at": now, "ended_at": None, "end_reason": None}
    plan = await queries.plan_of(session, listing_id, locked=True)
    is_on = plan is not None and plan.ended_at is None and plan.price == listing.price
    fresh = said if is_on else said | begun
    upsert = insert(PricingPlan).values(listing_id=listing_id, **said, **begun)
    await session.execute(upsert.on_conflict_do_update(index_elements=["listing_id"], set_=fresh))
    await session.flush()
    stored = await queries.plan_of(session, listing_id)
    assert stored is not None
    await session.refresh(stored)
    return stored


async def opt_out(session: AsyncSession, registry: Registry, listing_id: UUID, account: Address) -> None:
    """Leaves the price where it is; again changes nothing. Raises NotFound and NotController."""
    await listings.own_listing(session, registry, listing_id, account, "change a listing of")
    plan = await queries.plan_of(session, listing_id, locked=True)
    if plan is None:
        raise NotFound(kind="pricing plan")
    if plan.ended_at is None:
        await end(session, plan, End.OPTED_OUT)


async def own_plan(session: AsyncSession, registry: Registry, listing_id: UUID, account: Address) -> PricingPlan:
    """A listing's plan, for those who control its agent: a floor tells buyers how low they may go. Raises NotFound,
    alike for a private listing of others, and NotController."""
    listing = await listings.visible_listing(session, registry, listing_id, account)
    agent = await agent_of(session, listing.agent_id)
    if agent is None:
        raise NotFound(kind="listing")
    await require_controller(registry, agent, account, verb="read the pricing of")
    plan = await queries.plan_of(session, listing_id)
    if plan is None:
        raise NotFound(kind="pricing plan")
    return plan


async def end(session: AsyncSession, plan: PricingPlan, reason: End) -> None:
    """The price moves by itself no longer."""
    plan.ended_at, plan.end_reason = await database_now(session), str(reason)
    await session.flush()


async def look(session: AsyncSession, listing_id: UUID, demand: Demand, final: int) -> PriceStep | None:
    """Looks at one price that is due, and moves it by a step where there is a reason to; `demand` is of the blocks up
    to `final`.

    The listing is locked first, as those do who change it by hand: then a hand's change is seen, or waits.
    """
    found = await listing_queries.locked_listing(session, listing_id)
    plan = await queries.locked_due_plan(session, listing_id)
    if plan is None:
        return None
    plan.looked_at = await database_now(session)
    if found is None or final < plan.seen_block:  # its agent's registration was undone; nothing may be called final
        return None
    listing, _ = found
    if listing.price != plan.price:
        await end(session, plan, End.CHANGED_BY_HAND)
        await announce(session, "pricing.ended", f"agent:{listing.agent_id}", {"listing_id": str(listing_id)})
        return None
    plan.seen_block = final
    if listing.availability != "open" or listing.visibility != Visibility.PUBLIC:
        return None  # who takes no work is idle by his own will
    return await step(session, listing, plan, demand)


async def step(session: AsyncSession, listing: Listing, plan: PricingPlan, demand: Demand) -> PriceStep | None:
    """Makes a version of the listing with the next price, where that is another one."""
    before, after = plan.price, next_price(plan.price, plan.bounds, demand)
    if after == before:
        return None
    offer = listings.offer_of(listings.content_of(listing))
    changed = await listings.become(session, listing, None, replace(offer, price=after))
    plan.price = after
    made = PriceStep(
        listing_id=listing.id,
        version=changed.version,
        before=before,
        after=after,
        target=plan.target,
        **vars(demand),
    )
    session.add(made)
    await session.flush()
    return made
