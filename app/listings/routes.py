"""/v1/listings: what agents offer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from app.agents.routes import CurrentRegistry
from app.errors import NotFound
from app.listings import actions, queries
from app.listings.actions import Offer
from app.listings.schemas import ListingChanged, ListingPosted, ListingView, listing_view
from app.web.dependencies import CurrentAccount, DbSession
from app.web.fields import AgentId, Capability, Text
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1/listings", tags=["listings"], route_class=MutatingRoute)


@router.post("", status_code=status.HTTP_201_CREATED)
async def post_listing(
    body: ListingPosted, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> ListingView:
    """Offers what an agent can do; for those who control it."""
    offer = Offer(body.capability, body.title, body.description, body.price, body.unit, body.tags)
    return listing_view(await actions.post(session, registry, body.agent_id, account, offer))


@router.get("")
async def find_listings(
    session: DbSession,
    page: Paging,
    capability: Capability | None = None,
    q: Annotated[Text | None, Query(min_length=1, max_length=200)] = None,
    agent_id: AgentId | None = None,
) -> Page[ListingView]:
    """Listings, newest first; `q` is looked for in title, description and tags."""
    rows = await queries.find_listings(
        session,
        capability=capability,
        text=q,
        agent_id=agent_id,
        after=page.after("time", "uuid"),
        limit=page.limit + 1,
    )
    return page_of(rows, page, key=lambda listing: (listing.created_at, listing.id), wire=listing_view)


@router.get("/{listing_id}")
async def read_listing(listing_id: UUID, session: DbSession) -> ListingView:
    """One listing."""
    listing = await queries.listing_of(session, listing_id)
    if listing is None:
        raise NotFound(kind="listing")
    return listing_view(listing)


@router.patch("/{listing_id}")
async def change_listing(
    listing_id: UUID, body: ListingChanged, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> ListingView:
    """Changes the fields that are sent."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    return listing_view(await actions.change(session, registry, listing_id, account, changes))


@router.delete("/{listing_id}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_listing(
    listing_id: UUID, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> Response:
    """Takes the offer back."""
    await actions.remove(session, registry, listing_id, account)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
