"""/v1/listings/{listing_id}/pricing: a price that moves by itself, for those who control the listing's agent."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from app.agents.routes import CurrentRegistry
from app.pricing import actions, queries
from app.pricing.schemas import PricingView, PricingWanted, StepView, pricing_view, step_view
from app.web.dependencies import CurrentAccount, DbSession
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1/listings/{listing_id}/pricing", tags=["listings"], route_class=MutatingRoute)


@router.put("")
async def let_move(
    listing_id: UUID, body: PricingWanted, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> PricingView:
    """Lets the price move with demand from where it is; again changes the bounds. Whoever changes the price by hand
    ends it."""
    plan = await actions.opt_in(session, registry, listing_id, account, body.bounds, body.interval_seconds)
    return pricing_view(plan)


@router.get("")
async def read_pricing(
    listing_id: UUID, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> PricingView:
    """The bounds, and whether the price still moves."""
    return pricing_view(await actions.own_plan(session, registry, listing_id, account))


@router.get("/steps")
async def list_steps(
    listing_id: UUID, session: DbSession, account: CurrentAccount, registry: CurrentRegistry, page: Paging
) -> Page[StepView]:
    """Every step that the price took, newest first, each with its reasons."""
    await actions.own_plan(session, registry, listing_id, account)
    after = page.after("int")
    rows = await queries.steps_of(session, listing_id, None if after is None else after[0], page.limit + 1)
    return page_of(rows, page, key=lambda step: (step.version,), wire=step_view)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def let_stay(
    listing_id: UUID, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> Response:
    """Leaves the price where it is."""
    await actions.opt_out(session, registry, listing_id, account)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
