"""Finding listings. One whose agent the chain no longer knows is not shown."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.mirror_models import ChainAgent
from app.listings.models import Listing, ListingVersion
from app.listings.rules import Visibility


async def listing_and_agent(session: AsyncSession, listing_id: UUID) -> tuple[Listing, ChainAgent] | None:
    """One listing and its agent, whoever may see it."""
    wanted = select(Listing, ChainAgent).join(ChainAgent, ChainAgent.agent_id == Listing.agent_id)
    row = (await session.execute(wanted.where(Listing.id == listing_id))).one_or_none()
    return None if row is None else (row[0], row[1])


async def versions_of(session: AsyncSession, listing_id: UUID) -> list[ListingVersion]:
    """Every version of a listing, oldest first."""
    ordered = select(ListingVersion).where(ListingVersion.listing_id == listing_id).order_by(ListingVersion.version)
    return list(await session.scalars(ordered))


async def version_of(session: AsyncSession, listing_id: UUID, version: int) -> ListingVersion | None:
    """One version of a listing."""
    wanted = select(ListingVersion).where(ListingVersion.listing_id == listing_id, ListingVersion.version == version)
    return (await session.scalars(wanted)).one_or_none()


async def locked_listing(session: AsyncSession, listing_id: UUID) -> tuple[Listing, ChainAgent] | None:
    """A listing, locked until the transaction ends, and its agent."""
    wanted = (
        select(Listing, ChainAgent)
        .join(ChainAgent, ChainAgent.agent_id == Listing.agent_id)
        .where(Listing.id == listing_id)
        .with_for_update(of=Listing)
    )
    row = (await session.execute(wanted)).one_or_none()
    return None if row is None else (row[0], row[1])


async def find_listings(
    session: AsyncSession,
    *,
    capability: str | None,
    text: str | None,
    agent_id: int | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
    hidden: bool = False,
) -> list[Listing]:
    """At most `limit` listings, newest first, after the key `after`; each filter that is not None narrows. `hidden`
    shows those that are not public too."""
    wanted = listings() if hidden else listings().where(Listing.visibility == Visibility.PUBLIC)
    wanted = wanted.order_by(Listing.created_at.desc(), Listing.id.desc()).limit(limit)
    if capability is not None:
        wanted = wanted.where(Listing.capability == capability)
    if agent_id is not None:
        wanted = wanted.where(Listing.agent_id == agent_id)
    if text is not None:
        wanted = wanted.where(mentions(text))
    if after is not None:
        wanted = wanted.where(tuple_(Listing.created_at, Listing.id) < tuple_(*map(literal, after)))
    return list(await session.scalars(wanted))


def mentions(text: str) -> ColumnElement[bool]:
    """Title or description contain `text`, or a tag is `text`, whatever the case."""
    return or_(
        Listing.title.icontains(text, autoescape=True),
        Listing.description.icontains(text, autoescape=True),
        literal(text.lower()) == any_(Listing.tags),
    )


def listings() -> Select[Listing]:
    """Every listing whose agent the chain knows."""
    return select(Listing).join(ChainAgent, ChainAgent.agent_id == Listing.agent_id)
