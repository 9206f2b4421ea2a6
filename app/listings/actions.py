"""Posting, changing and removing listings: for those who control the agent."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.actions import Registry, require_controller
from app.agents.queries import agent_of
from app.announcements.actions import announce
from app.clock import database_now
from app.database import Address
from app.errors import NotFound
from app.listings import queries
from app.listings.models import Listing


@dataclass(frozen=True)
class Offer:
    """What a listing says. `price` is base units for one `unit`, None where it is to be agreed."""

    capability: str
    title: str
    description: str
    price: int | None
    unit: str
    tags: tuple[str, ...]


async def post(session: AsyncSession, registry: Registry, agent_id: int, account: Address, offer: Offer) -> Listing:
    """Stores a new listing of the agent. Raises NotFound and NotController."""
    agent = await agent_of(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    await require_controller(registry, agent, account, verb="list")
    now = await database_now(session)
    listing = Listing(id=uuid4(), agent_id=agent_id, created_at=now, updated_at=now, **columns(vars(offer)))
    session.add(listing)
    await session.flush()
    await announce(session, "listing.posted", f"agent:{agent_id}", facts_of(listing))
    return listing


async def change(
    session: AsyncSession, registry: Registry, listing_id: UUID, account: Address, changes: Mapping[str, object]
) -> Listing:
    """Replaces the fields of an Offer that `changes` names. Raises NotFound and NotController."""
    listing = await own_listing(session, registry, listing_id, account, "change a listing of")
    for name, value in columns(changes).items():
        setattr(listing, name, value)
    listing.updated_at = func.clock_timestamp()
    await session.flush()
    await session.refresh(listing)
    await announce(session, "listing.changed", f"agent:{listing.agent_id}", facts_of(listing))
    return listing


async def remove(session: AsyncSession, registry: Registry, listing_id: UUID, account: Address) -> None:
    """Deletes a listing. Raises NotFound and NotController."""
    listing = await own_listing(session, registry, listing_id, account, "remove a listing of")
    await session.delete(listing)
    await session.flush()
    await announce(session, "listing.removed", f"agent:{listing.agent_id}", facts_of(listing))


async def own_listing(
    session: AsyncSession, registry: Registry, listing_id: UUID, account: Address, verb: str
) -> Listing:
    """The listing, locked, where `account` controls its agent. Raises NotFound and NotController."""
    found = await queries.locked_listing(session, listing_id)
    if found is None:
        raise NotFound(kind="listing")
    listing, agent = found
    await require_controller(registry, agent, account, verb=verb)
    return listing


def columns(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields as the table holds them: tags in lower case, as they are searched."""
    tags = fields.get("tags")
    stored = dict(fields)
    if isinstance(tags, tuple):
        stored["tags"] = sorted({str(tag).lower() for tag in tags})
    return stored


def facts_of(listing: Listing) -> dict[str, object]:
    return {"listing_id": str(listing.id), "capability": listing.capability}
