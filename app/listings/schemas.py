"""Wire shapes of listings."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.catalogue.schemas import VersionText
from app.listings.actions import content_of, offer_of
from app.listings.models import Listing, ListingVersion
from app.listings.rules import Offer, Pricing, Sample, Tier, Visibility, changes
from app.web.fields import AddressField, AgentId, Amount, Capability, DigestField, Text, WireModel

Title = Annotated[Text, Field(min_length=1, max_length=200)]
Description = Annotated[Text, Field(max_length=10_000)]
Unit = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_ -]{0,29}$")]
Tag = Annotated[Text, Field(min_length=1, max_length=40)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=20, strict=False)]
Endpoint = Annotated[Text, Field(max_length=500, pattern=r"^https?://[^\s]+$")]
Count = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class TierField(WireModel):
    """`price` base units for each unit from `from_units` on; the first begins at 1."""

    from_units: Count
    price: Amount


class SampleField(WireModel):
    """Content that the lister stored: what came in, and what went out. Everybody may read it."""

    title: Title
    input: DigestField
    output: DigestField


class LimitsField(WireModel):
    """What the agent takes at most."""

    max_concurrent: Count | None = None
    max_per_day: Count | None = None
    max_input_bytes: Count | None = None


Tiers = Annotated[tuple[TierField, ...], Field(max_length=10, strict=False)]
Samples = Annotated[tuple[SampleField, ...], Field(max_length=10, strict=False)]


class OfferFields(WireModel):
    """`price` is base units for what `pricing` says: a task, a call or one `unit`. Without a price or tiers it is
    negotiated. A private listing is for those who control the agent, an unlisted one for who has its id."""

    keeps_to: VersionText | None = None
    description: Description = ""
    pricing: Annotated[Pricing, Field(strict=False)] = Pricing.PER_TASK
    price: Amount | None = None
    unit: Unit = "task"
    tiers: Tiers = ()
    tags: Tags = ()
    visibility: Annotated[Visibility, Field(strict=False)] = Visibility.PUBLIC
    availability: Literal["open", "paused"] = "open"
    endpoint: Endpoint | None = None
    limits: LimitsField = LimitsField()
    samples: Samples = ()

    def said(self) -> dict[str, object]:
        """The fields that were sent, as an Offer has them."""
        return {
            name: plain(getattr(self, name)) for name in self.model_fields_set if name in Offer.__dataclass_fields__
        }


class ListingPosted(OfferFields):
    agent_id: AgentId
    capability: Capability
    title: Title


class ListingChanged(OfferFields):
    """Only the fields that are sent change; with `expected_version` only if nobody changed it meanwhile."""

    capability: Capability = ""
    title: Title = ""
    expected_version: Count | None = None


class RollBack(WireModel):
    version: Count


class ListingView(BaseModel):
    id: UUID
    agent_id: int
    capability: str
    title: str
    keeps_to: str | None
    description: str
    pricing: Pricing
    price: Amount | None
    unit: str
    tiers: list[TierField]
    tags: list[str]
    visibility: Visibility
    availability: str
    endpoint: str | None
    limits: dict[str, int]
    samples: list[SampleField]
    version: int
    created_at: datetime
    updated_at: datetime


class VersionView(BaseModel):
    """A version, and what it changed: each field's value before and after. `changed_by` is null where the price moved
    by itself."""

    version: int
    changed_by: AddressField | None
    changed_at: datetime
    changes: dict[str, tuple[Any, Any]]


def plain(value: object) -> object:
    """Wire models as the values of the rules."""
    match value:
        case tuple():
            return tuple(plain(each) for each in value)
        case TierField():
            return Tier(value.from_units, value.price)
        case SampleField():
            return Sample(value.title, value.input, value.output)
        case LimitsField():
            return value.model_dump(exclude_none=True)
        case _:
            return value


def listing_view(listing: Listing) -> ListingView:
    """One listing as it is shown."""
    offer = offer_of(content_of(listing))
    return ListingView(
        **vars(offer)
        | {
            "tiers": [TierField(from_units=tier.from_units, price=tier.price) for tier in offer.tiers],
            "samples": [SampleField(**vars(sample)) for sample in offer.samples],
        },
        id=listing.id,
        agent_id=listing.agent_id,
        version=listing.version,
        created_at=listing.created_at,
        updated_at=listing.updated_at,
    )


def version_views(versions: list[ListingVersion]) -> list[VersionView]:
    """Versions, oldest first, each with what it changed."""
    before: dict[str, Any] | None = None
    found: list[VersionView] = []
    for each in versions:
        found.append(
            VersionView(
                version=each.version,
                changed_by=each.changed_by,
                changed_at=each.changed_at,
                changes=changes(before, each.content),
            )
        )
        before = each.content
    return found
