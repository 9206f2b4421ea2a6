"""What keeps the search up to date: listings that changed, and records whose blocks became final."""

from uuid import UUID

from celery import shared_task
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import advance, held_position, next_for
from app.announcements.queries import position_of, position_reached
from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.errors import ChainNotMirrored
from app.escrow.queries import chain_clock
from app.reputation.queries import newest_snapshot
from app.search import actions
from app.search.queries import agents_final_between

SCHEDULE: dict[str, float] = {"search.index": 1.0, "search.records": 10.0}
TOPICS = ("listing.posted", "listing.changed", "listing.removed")
PERFORMED = "analytics.deals"
"""The cursor of the job that keeps performances: up to which block they are true."""
MISSED = text("""
SELECT listing.id FROM market.listings listing JOIN chain.agents agent ON agent.agent_id = listing.agent_id
LEFT JOIN market.search_rows row ON row.listing_id = listing.id
WHERE listing.visibility = 'public' AND row.listing_id IS NULL LIMIT 500
""")


@shared_task(name="search.index")  # type: ignore[untyped-decorator]  # celery ships no types
def index() -> None:
    """Makes rows of what was listed, changed or removed."""
    run_in_worker(index_once)


@shared_task(name="search.records")  # type: ignore[untyped-decorator]  # celery ships no types
def records() -> None:
    """Writes what became final about agents, and makes rows that no announcement made."""
    run_in_worker(records_once)


async def index_once(runtime: WorkerRuntime) -> None:
    """One round; nothing to do before the chain is mirrored."""
    try:
        async with transaction(runtime.sessions) as session:
            seen = await next_for(session, "search.listings", TOPICS, limit=500)
            if seen:
                ids = list(dict.fromkeys(UUID(each.payload["listing_id"]) for each in seen))
                await actions.index(session, ids)
                await advance(session, "search.listings", position_of(seen[-1]))
    except ChainNotMirrored:
        return


async def records_once(runtime: WorkerRuntime) -> None:
    """One round: a cursor of its own says up to which final block records were written."""
    try:
        async with transaction(runtime.sessions) as session:
            final = (await chain_clock(session)).finalized_number
            await follow(session, "search.records", final, final)
            await follow(session, "search.performances", await position_reached(session, PERFORMED), final)
            await follow_scores(session)
            missed = [row.id for row in await session.execute(MISSED)]
            if missed:
                await actions.index(session, missed)
    except ChainNotMirrored:
        return


async def follow(session: AsyncSession, cursor: str, upto: int, final: int) -> None:
    """Writes what is known of agents of whom something ended or was said in the blocks above a cursor, up to `upto`."""
    done = await held_position(session, cursor)
    if done is not None and upto > done:
        for agent_id in await agents_final_between(session, done, upto):
            await actions.record(session, agent_id, final)
        await advance(session, cursor, upto)


async def follow_scores(session: AsyncSession) -> None:
    """Writes scores after they were made, which the age of the newest qualities tells; many take several rounds."""
    done, newest = await held_position(session, "search.scores"), await newest_snapshot(session)
    if done is None or newest is None:
        return
    made = int(newest.created_at.timestamp() * 1_000_000)
    if made > done and await actions.take_scores(session):
        await advance(session, "search.scores", made)
