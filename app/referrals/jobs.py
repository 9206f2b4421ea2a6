"""Follows the final blocks and stores what accrues in them."""

from celery import shared_task

from app.announcements.actions import advance, held_position
from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.errors import ChainNotMirrored
from app.escrow.queries import chain_clock
from app.referrals import actions

SCHEDULE: dict[str, float] = {"referrals.accrue": 10.0}
CURSOR = "referrals.final"


@shared_task(name="referrals.accrue")  # type: ignore[untyped-decorator]  # celery ships no types
def accrue() -> None:
    """Stores what became final."""
    run_in_worker(accrue_once)


async def accrue_once(runtime: WorkerRuntime) -> None:
    """One round; nothing to do before the chain is mirrored, or while nothing of it may be called final."""
    try:
        async with transaction(runtime.sessions) as session:
            final = (await chain_clock(session)).finalized_number
            done = await held_position(session, CURSOR)
            if done is not None and final > done:
                await advance(session, CURSOR, await actions.accrue_final(session, done, final))
    except ChainNotMirrored:
        return
