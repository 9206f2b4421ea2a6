"""Every SELECT of the search. Written for one shape: filter and order in the small table, then fetch a page's listings.

A search by relevance takes the heaviest matches, at most CANDIDATES of them, and orders those by how well they match:
a word that a third of all listings say costs no more than a rare one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.agents.mirror_models import ChainAgent
from app.agents.models import AgentHeartbeat
from app.agents.queries import ALIVE
from app.catalogue.queries import at_or_below
from app.escrow.models import Escrow
from app.listings.models import Listing
from app.listings.rules import Visibility
from app.reputation.mirror_models import Feedback
from app.search.models import SearchRow
from app.search.rules import Sort, Wanted, words_of

CANDIDATES = 200
COUNTED = 1_000
"""So many matches are counted exactly; beyond, a count is a lower bound."""
NEAREST = text("""
SELECT given.word, (
    SELECT known.word FROM market.search_words known WHERE known.word % given.word
    ORDER BY similarity(known.word, given.word) DESC, known.word LIMIT 1
) AS nearest
FROM unnest(CAST(:words AS text[])) AS given (word)
WHERE NOT EXISTS (SELECT FROM market.search_words exact WHERE exact.word = given.word)
""")
KEYS: dict[Sort, tuple[InstrumentedAttribute[Any], bool]] = {
    Sort.PRICE: (SearchRow.price, False),
    Sort.RATING: (SearchRow.stars, True),
    Sort.NEWEST: (SearchRow.created_at, True),
    Sort.BEST: (SearchRow.score, True),
    Sort.FASTEST: (SearchRow.delivery_seconds, False),
}
"""What each sort goes by, and whether the most comes first."""


@dataclass(frozen=True)
class Hit:
    """A listing that was found, with what the search knows of its agent."""

    listing: Listing
    stars: int | None
    reviews: int
    delivered: int
    alive: bool
    score: int | None
    delivery_seconds: int | None


@dataclass(frozen=True)
class Facets:
    """How many matches each value has, most first; exact up to COUNTED matches."""

    total: int
    exact: bool
    capability: list[tuple[str, int]]
    pricing: list[tuple[str, int]]
    tags: list[tuple[str, int]]


PLAN = text("""
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('random_page_cost', '1.1', true)
""")
"""How rare a word is decides the plan: one that was made for any word reads a third of the table for a common one."""


async def plan_by_word(session: AsyncSession) -> None:
    """For the rest of the transaction, statements are planned for the words that they are given."""
    await session.execute(PLAN)


async def nearest_words(session: AsyncSession, wanted: str) -> dict[str, str]:
    """For each word that no listing says the one most like it, if any is like it at all (trigrams)."""
    words = words_of(wanted)
    if not words:
        return {}
    rows = await session.execute(NEAREST, {"words": words})
    return {row.word: row.nearest for row in rows if row.nearest is not None}


def query_of(wanted: str, *, any_word: bool) -> ColumnElement[Any]:
    """A search as PostgreSQL reads one: all words, quoted phrases, a minus for what must not be there."""
    every = func.websearch_to_tsquery(text("'english'::regconfig"), wanted)
    if not any_word:
        return every
    return cast(func.replace(cast(every, Text), "&", "|"), TSQUERY)


def matching(wanted: Wanted, query: ColumnElement[Any] | None) -> ColumnElement[bool]:
    """The filter of a search."""
    row = SearchRow
    rules: list[ColumnElement[bool]] = [true()]
    if query is not None:
        rules.append(row.words.op("@@")(query))
    if wanted.capability is not None:
        rules.append(at_or_below(row.capability, wanted.capability))
    same = ((row.pricing, wanted.pricing), (row.agent_id, wanted.agent_id))
    rules += [column == value for column, value in same if value is not None]
    if wanted.tag is not None:
        rules.append(row.tags.contains([wanted.tag.lower()]))
    least = ((row.price, wanted.min_price), (row.stars, wanted.min_stars), (row.delivered, wanted.min_delivered))
    rules += [column >= value for column, value in (*least, (row.score, wanted.min_score)) if value is not None]
    most = ((row.price, wanted.max_price), (row.delivery_seconds, wanted.max_delivery_seconds))
    rules += [column <= value for column, value in most if value is not None]
    if wanted.available:
        rules.append(row.available.is_(True))
    if wanted.alive:
        rules.append(row.agent_id.in_(select(AgentHeartbeat.agent_id).where(ALIVE)))
    return and_(*rules)


def without(words: Sequence[str]) -> ColumnElement[bool]:
    """Listings that say none of these words and phrases."""
    said = (SearchRow.words.bool_op("@@")(query_of(each, any_word=False)) for each in words)
    return and_(true(), *(not_(each) for each in said))


async def ranked(
    session: AsyncSession, wanted: Wanted, query: ColumnElement[Any] | None, offset: int, limit: int
) -> list[UUID]:
    """Ids by relevance, of the heaviest CANDIDATES that match."""
    row = SearchRow
    heaviest = select(row.listing_id, row.weight, row.words).where(matching(wanted, query))
    found = heaviest.order_by(row.weight.desc(), row.listing_id).limit(CANDIDATES).subquery()
    score = found.c.weight if query is None else found.c.weight * (0.1 + func.ts_rank_cd(found.c.words, query, 1))
    ordered = select(found.c.listing_id).order_by(score.desc(), found.c.listing_id).offset(offset).limit(limit)
    return list(await session.scalars(ordered))


async def ordered(
    session: AsyncSession,
    wanted: Wanted,
    query: ColumnElement[Any] | None,
    sort: Sort,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[UUID]:
    """Ids by the column of the sort, without those that have nothing there, from below the key `after`."""
    key, falling = KEYS[sort]
    page: Select[Any] = select(SearchRow.listing_id).where(matching(wanted, query), key.is_not(None))
    # As the indexes have it: a time is never missing, and PostgreSQL does not take one order for the other.
    down = key.desc() if sort is Sort.NEWEST else key.desc().nulls_last()
    page = page.order_by(down if falling else key, SearchRow.listing_id)
    if after is not None:
        last, listing_id = after
        later = and_(key == last, SearchRow.listing_id > listing_id)
        page = page.where(key <= last if falling else key >= last, or_(key < last if falling else key > last, later))
    return list(await session.scalars(page.limit(limit)))


async def hits(session: AsyncSession, ids: Sequence[UUID]) -> list[Hit]:
    """The listings of a page in the order of `ids`; what has gone since is left out."""
    alive = select(AgentHeartbeat.agent_id).where(AgentHeartbeat.agent_id == Listing.agent_id, ALIVE).exists()
    row = SearchRow
    wanted = (
        select(Listing, row.stars, row.reviews, row.delivered, alive, row.score, row.delivery_seconds)
        .join(row, row.listing_id == Listing.id)
        .join(ChainAgent, ChainAgent.agent_id == Listing.agent_id)
        .where(Listing.id.in_(ids), Listing.visibility == Visibility.PUBLIC)
    )
    found = {each[0].id: Hit(*each) for each in await session.execute(wanted)}
    return [found[each] for each in ids if each in found]


async def facets(session: AsyncSession, among: ColumnElement[bool], top: int = 10) -> Facets:
    """Counts over the first COUNTED rows `among` those of the search, in no order."""
    row = SearchRow
    matches = select(row.capability, row.pricing, row.tags).where(among).limit(COUNTED + 1)
    some = matches.cte("some")
    tags = select(func.unnest(some.c.tags).label("tag")).subquery()
    total = select(literal("total").label("part"), literal("").label("value"), func.count().label("times"))
    parts = [
        total.select_from(some),
        select(literal("capability"), some.c.capability, func.count()).group_by(some.c.capability),
        select(literal("pricing"), some.c.pricing, func.count()).group_by(some.c.pricing),
        select(literal("tags"), tags.c.tag, func.count()).group_by(tags.c.tag),
    ]
    counted: dict[str, list[tuple[str, int]]] = {}
    for each in await session.execute(union_all(*parts)):
        counted.setdefault(each.part, []).append((each.value, each.times))

    def most(part: str) -> list[tuple[str, int]]:
        return sorted(counted.get(part, []), key=lambda each: (-each[1], each[0]))[:top]

    seen = counted["total"][0][1]
    return Facets(min(seen, COUNTED), seen <= COUNTED, most("capability"), most("pricing"), most("tags"))


async def agents_final_between(session: AsyncSession, after: int, final: int) -> list[int]:
    """Agents of whom something became final in these blocks."""
    rated = select(Feedback.agent_id).where(Feedback.last_block > after, Feedback.last_block <= final)
    ended = select(Escrow.agent_id).where(Escrow.last_block > after, Escrow.last_block <= final)
    return sorted(set(await session.scalars(rated)) | {each for each in await session.scalars(ended) if each})
