"""Wire shapes of the search."""

from pydantic import BaseModel

from app.listings.schemas import ListingView, listing_view
from app.search.queries import Facets, Hit
from app.search.rules import By


class HitView(ListingView):
    """A listing, and what its agent's final record says: `stars` is the mean as text, null without a review; `score`
    millionths, null before the first evidence; `delivery_seconds` the median, null with too few deliveries. `alive`
    says whether the agent gave a sign of life and takes work."""

    stars: str | None
    reviews: int
    delivered: int
    alive: bool
    score: int | None
    delivery_seconds: int | None


class Count(BaseModel):
    value: str
    count: int


class FacetsView(BaseModel):
    """How many matches there are, and how many each value has, most first. Beyond 1,000 matches (`exact` false) the
    counts are of some 1,000."""

    total: int
    exact: bool
    capability: list[Count]
    pricing: list[Count]
    tags: list[Count]


class Found(BaseModel):
    """A page of hits. `corrected` is what was searched for instead of misspelt words; `matched` says whether listings
    with all words were found, or with any because none had all, or by meaning alone. `by` is what the search went by,
    and `fell_back` why that is not what was asked for: no_vectors, embedder_unavailable, unknown_words, sorted."""

    items: list[HitView]
    next_cursor: str | None
    matched: str
    corrected: str | None
    by: By
    fell_back: str | None
    facets: FacetsView | None


def hit_view(hit: Hit) -> HitView:
    stars = None if hit.stars is None else f"{hit.stars // 100}.{hit.stars % 100:02d}"
    about = {name: value for name, value in vars(hit).items() if name != "listing"} | {"stars": stars}
    return HitView(**dict(listing_view(hit.listing)) | about)


def facets_view(found: Facets) -> FacetsView:
    def counts(values: list[tuple[str, int]]) -> list[Count]:
        return [Count(value=value, count=count) for value, count in values]

    return FacetsView(
        total=found.total,
        exact=found.exact,
        capability=counts(found.capability),
        pricing=counts(found.pricing),
        tags=counts(found.tags),
    )
