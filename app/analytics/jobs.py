"""Follows the final blocks and makes deals of what ended in them."""

from celery import shared_task

from app.analytics import actions
from app.announcements.actions import advance, held_position
from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.errors import ChainNotMirrored
from app.escrow.queries import chain_clock

SCHEDULE: dict[str, float] = {"analytics.deals": 10.0}
CURSOR = "analytics.deals"


@shared_task(name="analytics.deals")  # type: ignore[untyped-decorator]  # celery ships no types
def deals() -> None:
    """Stores what ended for good."""
    run_in_worker(deals_once)


async def deals_once(runtime: WorkerRuntime) -> None:
    """One round; nothing to do before the chain is mirrored."""
    try:
        async with transaction(runtime.sessions) as session:
            final = (await chain_clock(session)).finalized_number
            done = await held_position(session, CURSOR)
            if done is not None and final > done:
                await advance(session, CURSOR, await actions.record_ended(session, done, final))
    except ChainNotMirrored:
        return
