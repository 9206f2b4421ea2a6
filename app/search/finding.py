"""How a search is answered: by words, by meaning, or by both, and by words where meaning has no answer."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncSession

from app.search import queries
from app.search.meaning.embedders import Embedders, Meant, Missing
from app.search.meaning.queries import NEAREST, nearest
from app.search.models import SearchRow
from app.search.queries import CANDIDATES, Hit
from app.search.rules import By, Sort, Wanted, corrected, excluded, fused, meaning_of
from app.web.paging import Kind, PageRequest, encode_cursor


@dataclass(frozen=True)
class Reading:
    """How the words of a search were read in the end."""

    words: str
    query: Any
    matched: str
    corrected: str | None


@dataclass(frozen=True)
class Answer:
    """A page of hits, and the rows `among` which there are facets to count."""

    hits: list[Hit]
    cursor: str | None
    reading: Reading
    by: By
    fell_back: str | None
    among: ColumnElement[bool]


async def find(
    session: AsyncSession, embedders: Embedders, wanted: Wanted, by: By, sort: Sort, page: PageRequest
) -> Answer:
    """Raises BadCursor. Only relevance knows of meaning: other orders are of what the words find."""
    meaning = "" if wanted.text is None or by is By.WORDS else meaning_of(wanted.text)
    meant: Meant | Missing | None = None
    if meaning:
        meant = await embedders.meant(session, meaning) if sort is Sort.RELEVANCE else Missing.SORTED
    await queries.plan_by_word(session)
    reading = await read(session, wanted)
    if isinstance(meant, Meant):
        return await by_meaning(session, wanted, reading, meant, by, page)
    answer = await by_words(session, wanted, reading, sort, page)
    return replace(answer, fell_back=None if meant is None else str(meant))


async def by_words(session: AsyncSession, wanted: Wanted, reading: Reading, sort: Sort, page: PageRequest) -> Answer:
    """All words, or any where nothing has all."""
    found, cursor = await page_of_hits(session, wanted, reading, sort, page)
    if wanted.text is not None and not found and not await queries.ranked(session, wanted, reading.query, 0, 1):
        reading = any_word(reading)
        found, cursor = await page_of_hits(session, wanted, reading, sort, page)
    return Answer(found, cursor, reading, By.WORDS, None, queries.matching(wanted, reading.query))


async def by_meaning(
    session: AsyncSession, wanted: Wanted, reading: Reading, meant: Meant, by: By, page: PageRequest
) -> Answer:
    """The nearest, for `both` fused with what the words find."""
    among = and_(queries.matching(wanted, None), queries.without(excluded(wanted.text or "")))
    ids = await nearest(session, meant.model, meant.vector, among, NEAREST)
    said: list[UUID] = []
    if by is By.BOTH:
        said = await queries.ranked(session, wanted, reading.query, 0, CANDIDATES)
        if not said:
            reading = any_word(reading)
            said = await queries.ranked(session, wanted, reading.query, 0, CANDIDATES)
        ids = fused([said, ids])
    if not said:
        reading = replace(reading, matched="meaning")
    start = offset_of(page)
    end = start + page.limit
    hits = await queries.hits(session, ids[start:end])
    cursor = encode_cursor((end,)) if len(ids) > end else None
    return Answer(hits, cursor, reading, by, None, SearchRow.listing_id.in_(ids))


async def read(session: AsyncSession, wanted: Wanted) -> Reading:
    """The words as they were written or corrected; all of them, where any listing has all."""
    if wanted.text is None:
        return Reading("", None, "all", None)
    better = await queries.nearest_words(session, wanted.text)
    words = corrected(wanted.text, better)
    said = words if words != wanted.text else None
    return Reading(words, queries.query_of(words, any_word=False), "all", said)


def any_word(reading: Reading) -> Reading:
    return replace(reading, query=queries.query_of(reading.words, any_word=True), matched="any")


def offset_of(page: PageRequest) -> int:
    """How many of the ordered listings earlier pages showed."""
    after = page.after("int")
    return 0 if after is None else min(after[0], 2 * CANDIDATES)


async def page_of_hits(
    session: AsyncSession, wanted: Wanted, reading: Reading, sort: Sort, page: PageRequest
) -> tuple[list[Hit], str | None]:
    """A page, and the cursor of the next one. Raises BadCursor."""
    if sort is Sort.RELEVANCE:
        offset = offset_of(page)
        ids = await queries.ranked(session, wanted, reading.query, offset, page.limit + 1)
        more = len(ids) > page.limit
        shown = await queries.hits(session, ids[: page.limit])
        return shown, encode_cursor((offset + page.limit,)) if more else None
    kind: Kind = "time" if sort is Sort.NEWEST else "int"
    ids = await queries.ordered(session, wanted, reading.query, sort, page.after(kind, "uuid"), page.limit + 1)
    shown = await queries.hits(session, ids[: page.limit])
    if len(ids) <= page.limit or not shown:
        return shown, None
    last = shown[-1]
    keys = {
        Sort.PRICE: last.listing.price,
        Sort.RATING: last.stars,
        Sort.NEWEST: last.listing.created_at,
        Sort.BEST: last.score,
        Sort.FASTEST: last.delivery_seconds,
    }
    return shown, encode_cursor((keys[sort], last.listing.id))
