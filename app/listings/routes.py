"""/v1/listings: what agents offer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from app.agents.routes import CurrentRegistry
from app.listings import actions, queries
from app.listings.rules import Offer
from app.listings.schemas import (
    ListingChanged,
    ListingPosted,
    ListingView,
    RollBack,
    VersionView,
    listing_view,
    version_views,
)
from app.web.dependencies import CurrentAccount, DbSession, MaybeAccount
from app.web.fields import AgentId, Capability, Text
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1/listings", tags=["listings"], route_class=MutatingRoute)


@router.post("", status_code=status.HTTP_201_CREATED)
async def post_listing(
    body: ListingPosted, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> ListingView:
    """Offers what an agent can do; for those who control it."""
    said = body.said()
    offer = Offer(**said)  # type: ignore[arg-type]  # the fields of an Offer, by the schema
    return listing_view(await actions.post(session, registry, body.agent_id, account, offer, frozenset(said)))


@router.get("")
async def find_listings(
    session: DbSession,
    page: Paging,
    account: MaybeAccount,
    registry: CurrentRegistry,
    capability: Capability | None = None,
    q: Annotated[Text | None, Query(min_length=1, max_length=200)] = None,
    agent_id: AgentId | None = None,
) -> Page[ListingView]:
    """Public listings, newest first; `q` is looked for in title, description and tags. Who controls the agent of
    `agent_id` sees all of its listings."""
    rows = await queries.find_listings(
        session,
        capability=capability,
        text=q,
        agent_id=agent_id,
        after=page.after("time", "uuid"),
        limit=page.limit + 1,
        hidden=await actions.is_controlled(session, registry, agent_id, account),
    )
    return page_of(rows, page, key=lambda listing: (listing.created_at, listing.id), wire=listing_view)


@router.get("/{listing_id}")
async def read_listing(
    listing_id: UUID, session: DbSession, account: MaybeAccount, registry: CurrentRegistry
) -> ListingView:
    """One listing; a private one answers those who control its agent."""
    return listing_view(await actions.visible_listing(session, registry, listing_id, account))


@router.get("/{listing_id}/versions")
async def list_versions(
    listing_id: UUID, session: DbSession, account: MaybeAccount, registry: CurrentRegistry
) -> Page[VersionView]:
    """What the listing said, oldest first, each version with what it changed."""
    listing = await actions.visible_listing(session, registry, listing_id, account)
    return Page(items=version_views(await queries.versions_of(session, listing.id)), next_cursor=None)


@router.post("/{listing_id}/rollback")
async def roll_back(
    listing_id: UUID, body: RollBack, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> ListingView:
    """Says again what an earlier version said, as a new version."""
    return listing_view(await actions.roll_back(session, registry, listing_id, account, body.version))


@router.patch("/{listing_id}")
async def change_listing(
    listing_id: UUID, body: ListingChanged, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> ListingView:
    """Changes the fields that are sent."""
    changed = await actions.change(session, registry, listing_id, account, body.said(), body.expected_version)
    return listing_view(changed)


@router.delete("/{listing_id}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_listing(
    listing_id: UUID, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> Response:
    """Takes the offer back."""
    await actions.remove(session, registry, listing_id, account)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
