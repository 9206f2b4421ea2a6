"""Making rows of the search anew. Each works in the caller's transaction and never commits."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.escrow.queries import chain_clock
from app.reputation.queries import final_escrows, final_stars
from app.reputation.rules import record_of
from app.search.meaning import actions as meaning
from app.search.rules import LEAST_TIMED, weight_of

HIDE = text("""
DELETE FROM market.search_rows WHERE listing_id = ANY(CAST(:ids AS uuid[])) AND NOT EXISTS (
    SELECT FROM market.listings WHERE id = search_rows.listing_id AND visibility = 'public')
""")
MAKE = text("""
INSERT INTO market.search_rows (listing_id, agent_id, capability, pricing, price, tags, available, words, stars,
    reviews, delivered, weight, created_at)
SELECT listing.id, listing.agent_id, listing.capability, listing.pricing, listing.price, listing.tags,
    listing.availability = 'open',
    setweight(to_tsvector('english', listing.title), 'A')
        || setweight(to_tsvector('english', array_to_string(listing.tags, ' ')), 'B')
        || setweight(to_tsvector('english', translate(listing.capability, '.-', '  ')), 'B')
        || setweight(to_tsvector('english', left(listing.description, 2000)), 'D'),
    NULL, 0, 0, :newcomer, listing.created_at
FROM market.listings listing
JOIN chain.agents agent ON agent.agent_id = listing.agent_id
WHERE listing.id = ANY(CAST(:ids AS uuid[])) AND listing.visibility = 'public'
ON CONFLICT (listing_id) DO UPDATE SET capability = excluded.capability, pricing = excluded.pricing,
    price = excluded.price, tags = excluded.tags, available = excluded.available, words = excluded.words
""")
LEARN = text("""
INSERT INTO market.search_words (word)
SELECT DISTINCT word FROM market.listings listing, unnest(tsvector_to_array(to_tsvector('simple',
    listing.title || ' ' || array_to_string(listing.tags, ' ') || ' ' || translate(listing.capability, '.-', '  ')
    || ' ' || left(listing.description, 2000)))) AS word
WHERE listing.id = ANY(CAST(:ids AS uuid[])) AND listing.visibility = 'public'
    AND length(word) BETWEEN 3 AND 60 AND word ~ '^[[:alpha:]]+$'
ON CONFLICT DO NOTHING
""")
# Every change of a row is one of all its indexes: nothing is written that is there already.
RECORD = text("""
UPDATE market.search_rows row SET stars = CAST(:stars AS integer), reviews = :reviews, delivered = :delivered,
    weight = :weight, score = fresh.score, delivery_seconds = fresh.delivery_seconds
FROM (
    SELECT listing_id,
        (SELECT score FROM market.judged_agents judged WHERE judged.agent_id = :agent_id) AS score,
        (SELECT median_seconds FROM market.performances said
            WHERE said.agent_id = :agent_id AND said.capability IN (listed.capability, '') AND said.timed >= :least
            ORDER BY said.capability DESC LIMIT 1) AS delivery_seconds
    FROM market.search_rows listed WHERE agent_id = :agent_id
) AS fresh
WHERE fresh.listing_id = row.listing_id
    AND (row.stars, row.reviews, row.delivered, row.score, row.delivery_seconds) IS DISTINCT FROM
        (CAST(:stars AS integer), CAST(:reviews AS integer), CAST(:delivered AS integer), fresh.score,
        fresh.delivery_seconds)
""")
SCORES = text("""
UPDATE market.search_rows row SET score = fresh.score FROM (
    SELECT listed.listing_id, judged.score FROM market.search_rows listed
    JOIN market.judged_agents judged ON judged.agent_id = listed.agent_id
    WHERE listed.score IS NULL OR abs(listed.score - judged.score) >= :drift LIMIT :most
) AS fresh WHERE fresh.listing_id = row.listing_id
RETURNING row.listing_id
""")
DRIFT = 10_000
"""Every job moves everybody's score a little; the search follows once it is a hundredth, in millionths."""
SCORED_AT_ONCE = 2_000
NEWCOMER = weight_of(None, 0, 0)


async def index(session: AsyncSession, listing_ids: Sequence[UUID]) -> None:
    """Makes the rows of these listings what the listings say now; those that are not public, or gone, lose theirs."""
    ids = [str(each) for each in listing_ids]
    await session.execute(HIDE, {"ids": ids})
    await session.execute(MAKE, {"ids": ids, "newcomer": NEWCOMER})
    await session.execute(LEARN, {"ids": ids})
    await meaning.changed(session, listing_ids)
    final = (await chain_clock(session)).finalized_number
    for agent_id in await agents_of(session, ids):
        await record(session, agent_id, final)


async def agents_of(session: AsyncSession, ids: Sequence[str]) -> list[int]:
    """Whose listings these are."""
    owners = text("SELECT DISTINCT agent_id FROM market.search_rows WHERE listing_id = ANY(CAST(:ids AS uuid[]))")
    return [row.agent_id for row in await session.execute(owners, {"ids": list(ids)})]


async def record(session: AsyncSession, agent_id: int, final: int) -> None:
    """Writes an agent's record, up to the final block, its score and its pace to all of its rows."""
    found = record_of(await final_escrows(session, agent_id, final), await final_stars(session, agent_id, final))
    values = {"stars": found.mean_hundredths, "reviews": found.reviews, "delivered": found.delivered}
    weight = weight_of(found.mean_hundredths, found.reviews, found.delivered)
    await session.execute(RECORD, {**values, "weight": weight, "agent_id": agent_id, "least": LEAST_TIMED})


async def take_scores(session: AsyncSession) -> bool:
    """Writes scores that have drifted to their agents' rows; whether that was all of them."""
    written = await session.execute(SCORES, {"drift": DRIFT, "most": SCORED_AT_ONCE})
    return len(written.all()) < SCORED_AT_ONCE
