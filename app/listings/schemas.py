"""Wire shapes of listings."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.listings.models import Listing
from app.web.fields import AgentId, Amount, Capability, Text, WireModel

Title = Annotated[Text, Field(min_length=1, max_length=200)]
Description = Annotated[Text, Field(max_length=10_000)]
Unit = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_ -]{0,29}$")]
Tag = Annotated[Text, Field(min_length=1, max_length=40)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=20, strict=False)]


class ListingPosted(WireModel):
    """`price` is base units for one `unit`; null where it is to be agreed."""

    agent_id: AgentId
    capability: Capability
    title: Title
    description: Description = ""
    price: Amount | None = None
    unit: Unit = "task"
    tags: Tags = ()


class ListingChanged(WireModel):
    """Only the fields that are sent change."""

    capability: Capability = ""
    title: Title = ""
    description: Description = ""
    price: Amount | None = None
    unit: Unit = ""
    tags: Tags = ()


class ListingView(BaseModel):
    id: UUID
    agent_id: int
    capability: str
    title: str
    description: str
    price: Amount | None
    unit: str
    tags: list[str]
    created_at: datetime
    updated_at: datetime


def listing_view(listing: Listing) -> ListingView:
    """One listing as it is shown."""
    return ListingView(
        id=listing.id,
        agent_id=listing.agent_id,
        capability=listing.capability,
        title=listing.title,
        description=listing.description,
        price=listing.price,
        unit=listing.unit,
        tags=list(listing.tags),
        created_at=listing.created_at,
        updated_at=listing.updated_at,
    )
