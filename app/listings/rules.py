"""What a listing may say, and what changed between two of its versions. Pure; amounts are base units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from app.errors import OfferRefused

MAX_TIERS = 10


class Pricing(StrEnum):
    """What a price is for. Tiers are prices for one unit, each from some number of units on."""

    PER_TASK = "per_task"
    PER_CALL = "per_call"
    PER_UNIT = "per_unit"
    TIERED = "tiered"
    NEGOTIATED = "negotiated"


class Visibility(StrEnum):
    """Private is for those who control the agent, unlisted for who has the id."""

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


@dataclass(frozen=True)
class Tier:
    """`price` base units for each unit from `from_units` on."""

    from_units: int
    price: int


@dataclass(frozen=True)
class Sample:
    """Work that was done before: the digests of what came in and what went out."""

    title: str
    input: str
    output: str


@dataclass(frozen=True)
class Offer:
    """What a listing says; `keeps_to` is the version of its capability whose schemas its work has."""

    capability: str
    title: str
    keeps_to: str | None = None
    description: str = ""
    pricing: Pricing = Pricing.PER_TASK
    price: int | None = None
    unit: str = "task"
    tiers: Sequence[Tier] = ()
    tags: Sequence[str] = ()
    visibility: Visibility = Visibility.PUBLIC
    availability: str = "open"
    endpoint: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    samples: Sequence[Sample] = ()


def settled(offer: Offer, said: frozenset[str]) -> Offer:
    """The offer with the pricing that follows from what was said, and tags as they are searched.

    Raises OfferRefused where pricing, price and tiers do not go together.
    """
    if "pricing" not in said:
        offer = replace(offer, pricing=implied(offer, said))
    if offer.pricing is not Pricing.TIERED and "tiers" not in said:
        offer = replace(offer, tiers=())
    if offer.pricing in (Pricing.TIERED, Pricing.NEGOTIATED) and "price" not in said:
        offer = replace(offer, price=None)
    require_price(offer)
    return replace(offer, tags=sorted({tag.lower() for tag in offer.tags}))


def implied(offer: Offer, said: frozenset[str]) -> Pricing:
    """What a price, tiers or the lack of both mean where nothing else is said."""
    if "tiers" in said and offer.tiers:
        return Pricing.TIERED
    if "price" not in said:
        return offer.pricing if offer.price is not None or offer.tiers else Pricing.NEGOTIATED
    if offer.price is None:
        return Pricing.NEGOTIATED
    return offer.pricing if offer.pricing not in (Pricing.NEGOTIATED, Pricing.TIERED) else Pricing.PER_TASK


def require_price(offer: Offer) -> None:
    """Raises OfferRefused, naming the field."""
    priced = offer.pricing not in (Pricing.TIERED, Pricing.NEGOTIATED)
    if priced and offer.price is None:
        raise OfferRefused(field="price", reason=f"pricing {offer.pricing} needs one")
    if not priced and offer.price is not None:
        raise OfferRefused(field="price", reason=f"pricing {offer.pricing} has none")
    if (offer.pricing is Pricing.TIERED) != bool(offer.tiers):
        raise OfferRefused(field="tiers", reason="pricing tiered has some, and no other has any")
    starts = [tier.from_units for tier in offer.tiers]
    if starts and (starts[0] != 1 or starts != sorted(set(starts)) or len(starts) > MAX_TIERS):
        raise OfferRefused(field="tiers", reason=f"they begin at 1 and rise, at most {MAX_TIERS} of them")


def changes(before: Mapping[str, object] | None, after: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Field by field what became of what; everything, where there was nothing before."""
    earlier = before or {}
    names = sorted(earlier.keys() | after.keys())
    return {name: (earlier.get(name), after.get(name)) for name in names if earlier.get(name) != after.get(name)}
