"""/v1/search: public listings by words, meaning, capability, price, record and availability."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from app.listings.rules import Pricing
from app.reputation.rules import WHOLE
from app.search import queries
from app.search.finding import find
from app.search.meaning.embedders import Embedders
from app.search.rules import By, Sort, Wanted
from app.search.schemas import Found, facets_view, hit_view
from app.web.dependencies import CurrentSettings, DbSession
from app.web.fields import AgentId, Amount, Capability, Text
from app.web.paging import Paging

router = APIRouter(prefix="/v1/search", tags=["search"])
Words = Annotated[Text | None, Query(min_length=1, max_length=200)]
Stars = Annotated[float | None, Query(ge=1, le=5, allow_inf_nan=False)]


def current_embedders(request: Request) -> Embedders:
    """What main put on the application."""
    embedders = request.app.state.embedders
    if not isinstance(embedders, Embedders):
        raise TypeError("the application was started without its embedders")
    return embedders


@router.get("/listings")
async def search_listings(
    session: DbSession,
    settings: CurrentSettings,
    embedders: Annotated[Embedders, Depends(current_embedders)],
    page: Paging,
    q: Words = None,
    by: By | None = None,
    capability: Capability | None = None,
    pricing: Pricing | None = None,
    tag: Annotated[Text | None, Query(min_length=1, max_length=40)] = None,
    min_price: Amount | None = None,
    max_price: Amount | None = None,
    min_stars: Stars = None,
    min_delivered: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    available: bool = False,
    alive: bool = False,
    agent_id: AgentId | None = None,
    min_score: Annotated[int | None, Query(ge=0, le=WHOLE)] = None,
    max_delivery_seconds: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    sort: Sort = Sort.RELEVANCE,
    facets: bool = False,
) -> Found:
    """Public listings. `q` takes words, "phrases" and -exclusions; misspelt words are corrected and said so. `by` says
    whether it goes by these words, by what they mean, or by both. A capability finds those below it. By relevance at
    most 200 that say the words and the 100 nearest are ordered; other sorts go by words, on to the end. `best` goes by
    score (millionths), `fastest` by the median time to deliver; both leave out agents of whom too little is known."""
    stars = None if min_stars is None else round(min_stars * 100)
    least, most = (min_price, stars, min_delivered, min_score), (max_price, max_delivery_seconds)
    wanted = Wanted(q, capability, pricing, tag, *least, *most, available, alive, agent_id)
    usual = By(settings.search_by) if sort is Sort.RELEVANCE else By.WORDS
    answer = await find(session, embedders, wanted, by or usual, sort, page)
    counted = await queries.facets(session, answer.among) if facets else None
    return Found(
        items=[hit_view(hit) for hit in answer.hits],
        next_cursor=answer.cursor,
        matched=answer.reading.matched,
        corrected=answer.reading.corrected,
        by=answer.by,
        fell_back=answer.fell_back,
        facets=None if counted is None else facets_view(counted),
    )
