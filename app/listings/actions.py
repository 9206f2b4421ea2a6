"""Posting, changing, rolling back and removing listings: for those who control the agent. Nothing here commits."""

from collections.abc import Mapping
from dataclasses import fields, replace
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.actions import Registry, controls, require_controller
from app.agents.queries import agent_of
from app.announcements.actions import announce
from app.catalogue import queries as catalogue
from app.catalogue.rules import Version
from app.clock import database_now
from app.content import actions as content
from app.content import queries as contents
from app.database import Address, Digest, Hash32
from app.errors import CapabilityUnknown, ContentNotUploaded, ListingChangedMeanwhile, NotFound
from app.listings import queries
from app.listings.models import Listing, ListingVersion
from app.listings.rules import Offer, Pricing, Sample, Tier, Visibility, settled


async def post(
    session: AsyncSession, registry: Registry, agent_id: int, account: Address, offer: Offer, said: frozenset[str]
) -> Listing:
    """Stores a new listing of the agent; `said` names the fields that were given.

    Raises NotFound, NotController, OfferRefused, ContentNotUploaded.
    """
    agent = await agent_of(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    await require_controller(registry, agent, account, verb="list")
    now, whole = await database_now(session), settled(offer, said)
    await require_version(session, whole)
    await show_samples(session, account, whole, frozenset())
    listing = Listing(id=uuid4(), agent_id=agent_id, created_at=now, updated_at=now, version=1, **columns(whole))
    session.add(listing)
    await session.flush()
    keep_version(session, listing, account)
    await announce(session, "listing.posted", f"agent:{agent_id}", facts_of(listing))
    return listing


async def change(
    session: AsyncSession,
    registry: Registry,
    listing_id: UUID,
    account: Address,
    changed: Mapping[str, object],
    expected: int | None = None,
) -> Listing:
    """Replaces the fields of an Offer that `changed` names; what is then the same as before makes no version.

    Raises NotFound, NotController, OfferRefused, ContentNotUploaded, and ListingChangedMeanwhile unless the version is
    the `expected` one.
    """
    listing = await own_listing(session, registry, listing_id, account, "change a listing of")
    if expected is not None and listing.version != expected:
        raise ListingChangedMeanwhile(expected=expected, version=listing.version)
    before = offer_of(content_of(listing))
    after = settled(replace(before, **changed), frozenset(changed))  # type: ignore[arg-type]  # fields of an Offer
    await require_version(session, after)
    await show_samples(session, account, after, known_digests(before))
    return await become(session, listing, account, after)


async def roll_back(
    session: AsyncSession, registry: Registry, listing_id: UUID, account: Address, version: int
) -> Listing:
    """Says again what an earlier version said, as a new version. Raises NotFound, NotController."""
    listing = await own_listing(session, registry, listing_id, account, "change a listing of")
    earlier = await queries.version_of(session, listing_id, version)
    if earlier is None:
        raise NotFound(kind="version")
    return await become(session, listing, account, offer_of(earlier.content))


async def become(session: AsyncSession, listing: Listing, account: Address | None, offer: Offer) -> Listing:
    """Stores what a listing says from now on; nobody's `account` is the market's own pricing."""
    said = columns(offer)
    if all(getattr(listing, name) == value for name, value in said.items()):
        return listing
    for name, value in said.items():
        setattr(listing, name, value)
    listing.version += 1
    listing.updated_at = func.clock_timestamp()
    await session.flush()
    await session.refresh(listing)
    keep_version(session, listing, account)
    await announce(session, "listing.changed", f"agent:{listing.agent_id}", facts_of(listing))
    return listing


async def remove(session: AsyncSession, registry: Registry, listing_id: UUID, account: Address) -> None:
    """Deletes a listing with its versions. Raises NotFound and NotController."""
    listing = await own_listing(session, registry, listing_id, account, "remove a listing of")
    await session.delete(listing)
    await session.flush()
    await announce(session, "listing.removed", f"agent:{listing.agent_id}", facts_of(listing))


async def own_listing(
    session: AsyncSession, registry: Registry, listing_id: UUID, account: Address, verb: str
) -> Listing:
    """The listing, locked, where `account` controls its agent. Raises NotController, and NotFound, alike for a private
    one of others."""
    found = await queries.locked_listing(session, listing_id)
    if found is None:
        raise NotFound(kind="listing")
    listing, agent = found
    if listing.visibility == Visibility.PRIVATE and not await controls(registry, agent, account):
        raise NotFound(kind="listing")
    await require_controller(registry, agent, account, verb=verb)
    return listing


async def visible_listing(
    session: AsyncSession, registry: Registry, listing_id: UUID, account: Address | None
) -> Listing:
    """One listing, a private one only for those who control its agent. Raises NotFound alike for others."""
    found = await queries.listing_and_agent(session, listing_id)
    if found is None:
        raise NotFound(kind="listing")
    listing, agent = found
    if listing.visibility != Visibility.PRIVATE:
        return listing
    if account is None or not await controls(registry, agent, account):
        raise NotFound(kind="listing")
    return listing


async def require_version(session: AsyncSession, offer: Offer) -> None:
    """Raises CapabilityUnknown for a version that the catalogue does not have."""
    if offer.keeps_to is None:
        return
    if await catalogue.version_of(session, offer.capability, Version.read(offer.keeps_to)) is None:
        raise CapabilityUnknown(name=offer.capability, version=offer.keeps_to)


async def is_controlled(
    session: AsyncSession, registry: Registry, agent_id: int | None, account: Address | None
) -> bool:
    """Whether the account controls an agent that is named. Raises ChainUnavailable."""
    if agent_id is None or account is None:
        return False
    agent = await agent_of(session, agent_id)
    return agent is not None and await controls(registry, agent, account)


async def show_samples(session: AsyncSession, account: Address, offer: Offer, known: frozenset[str]) -> None:
    """Everybody may read what a listing shows as a sample; who lists it has stored it himself."""
    for digest in sorted(known_digests(offer) - known):
        named = Digest(Hash32(digest))
        if await contents.uploaded_by(session, named, account) is None:
            raise ContentNotUploaded(field="samples", digest=digest, account=account)
        await content.grant(session, named, [None])


def known_digests(offer: Offer) -> frozenset[str]:
    return frozenset(digest for sample in offer.samples for digest in (sample.input, sample.output))


def keep_version(session: AsyncSession, listing: Listing, account: Address | None) -> None:
    stored = ListingVersion(
        listing_id=listing.id, version=listing.version, content=content_of(listing), changed_by=account
    )
    session.add(stored)


def columns(offer: Offer) -> dict[str, object]:
    """An offer as the table holds it."""
    return {
        **vars(offer),
        "pricing": str(offer.pricing),
        "visibility": str(offer.visibility),
        "tiers": [{"from_units": tier.from_units, "price": str(tier.price)} for tier in offer.tiers],
        "tags": list(offer.tags),
        "limits": dict(offer.limits),
        "samples": [dict(vars(sample)) for sample in offer.samples],
    }


def content_of(listing: Listing) -> dict[str, object]:
    """What a listing says, as JSON."""
    said = {each.name: getattr(listing, each.name) for each in fields(Offer)}
    return said | {"price": None if listing.price is None else str(listing.price), "tags": list(listing.tags)}


def offer_of(said: Mapping[str, object]) -> Offer:
    """What a stored version said."""
    read = {"keeps_to": None} | dict(said)  # earlier versions did not say it
    price, tiers, samples = read["price"], read["tiers"], read["samples"]
    assert isinstance(tiers, list) and isinstance(samples, list)  # noqa: PT018  # as `content_of` wrote them
    return Offer(
        **read
        | {  # type: ignore[arg-type]  # as `content_of` wrote them
            "pricing": Pricing(str(read["pricing"])),
            "visibility": Visibility(str(read["visibility"])),
            "price": None if price is None else int(str(price)),
            "tiers": tuple(Tier(each["from_units"], int(each["price"])) for each in tiers),
            "samples": tuple(Sample(**each) for each in samples),
        }
    )


def facts_of(listing: Listing) -> dict[str, object]:
    """What is announced: of a private listing no more than that there is one."""
    public = listing.visibility == Visibility.PUBLIC
    said = {"listing_id": str(listing.id), "version": listing.version}
    return said | ({"capability": listing.capability} if public else {})
