"""/v1/search: public listings by words, capability, price, record and availability."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.rules import Pricing
from app.search import queries
from app.search.queries import CANDIDATES, Hit
from app.search.rules import Sort, Wanted, corrected
from app.search.schemas import Found, facets_view, hit_view
from app.web.dependencies import DbSession
from app.web.fields import AgentId, Amount, Capability, Text
from app.web.paging import Kind, Paging, encode_cursor

router = APIRouter(prefix="/v1/search", tags=["search"])
Words = Annotated[Text | None, Query(min_length=1, max_length=200)]
Stars = Annotated[float | None, Query(ge=1, le=5, allow_inf_nan=False)]


@dataclass(frozen=True)
class Reading:
    """How the words of a search were read in the end."""

    words: str
    query: Any
    matched: str
    corrected: str | None


@router.get("/listings")
async def search_listings(
    session: DbSession,
    page: Paging,
    q: Words = None,
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
    sort: Sort = Sort.RELEVANCE,
    facets: bool = False,
) -> Found:
    """Public listings. `q` takes words, "phrases" and -exclusions; misspelt words are corrected and said so. A
    capability finds those below it. By relevance at most 200 are ordered; other sorts go on to the end."""
    stars = None if min_stars is None else round(min_stars * 100)
    wanted = Wanted(q, capability, pricing, tag, min_price, max_price, stars, min_delivered, available, alive, agent_id)
    await queries.plan_by_word(session)
    reading = await read(session, wanted)
    found, cursor = await page_of_hits(session, wanted, reading, sort, page)
    if wanted.text is not None and not found and page.cursor is None:
        reading = replace(reading, query=queries.query_of(reading.words, any_word=True), matched="any")
        found, cursor = await page_of_hits(session, wanted, reading, sort, page)
    counted = await queries.facets(session, wanted, reading.query) if facets else None
    return Found(
        items=[hit_view(hit) for hit in found],
        next_cursor=cursor,
        matched=reading.matched,
        corrected=reading.corrected,
        facets=None if counted is None else facets_view(counted),
    )


async def read(session: AsyncSession, wanted: Wanted) -> Reading:
    """The words as they were written or corrected; all of them, where any listing has all."""
    if wanted.text is None:
        return Reading("", None, "all", None)
    better = await queries.nearest_words(session, wanted.text)
    words = corrected(wanted.text, better)
    said = words if words != wanted.text else None
    return Reading(words, queries.query_of(words, any_word=False), "all", said)


async def page_of_hits(
    session: AsyncSession, wanted: Wanted, reading: Reading, sort: Sort, page: Paging
) -> tuple[list[Hit], str | None]:
    """A page, and the cursor of the next one. Raises BadCursor."""
    if sort is Sort.RELEVANCE:
        after = page.after("int")
        offset = 0 if after is None else min(after[0], CANDIDATES)
        ids = await queries.ranked(session, wanted, reading.query, offset, page.limit + 1)
        more = len(ids) > page.limit
        shown = await queries.hits(session, ids[: page.limit])
        return shown, encode_cursor((offset + page.limit,)) if more else None
    kinds: dict[Sort, Kind] = {Sort.PRICE: "int", Sort.RATING: "int", Sort.NEWEST: "time"}
    ids = await queries.ordered(session, wanted, reading.query, sort, page.after(kinds[sort], "uuid"), page.limit + 1)
    shown = await queries.hits(session, ids[: page.limit])
    if len(ids) <= page.limit or not shown:
        return shown, None
    last = shown[-1]
    key = {Sort.PRICE: last.listing.price, Sort.RATING: last.stars, Sort.NEWEST: last.listing.created_at}[sort]
    return shown, encode_cursor((key, last.listing.id))
