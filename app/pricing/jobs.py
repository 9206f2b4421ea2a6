"""Looks at the prices whose interval has passed."""

from celery import shared_task

from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.errors import ChainNotMirrored
from app.escrow.queries import chain_clock
from app.pricing import actions, queries

SCHEDULE: dict[str, float] = {"pricing.look": 30.0}
BATCH = 200
"""So many in one round; who is left waits for the next, the longest waiting first."""


@shared_task(name="pricing.look")  # type: ignore[untyped-decorator]  # celery ships no types
def look() -> None:
    """Moves prices that have a reason to."""
    run_in_worker(look_once)


async def look_once(runtime: WorkerRuntime) -> int:
    """One round, each price in a transaction of its own; how many moved. Nothing to do before the chain is mirrored."""
    try:
        async with transaction(runtime.sessions) as session:
            final = (await chain_clock(session)).finalized_number
            due = await queries.due_plans(session, BATCH)
            demands = await queries.demands(session, due, final) if due else {}
    except ChainNotMirrored:
        return 0
    moved = 0
    for listing_id, demand in demands.items():
        async with transaction(runtime.sessions) as session:
            moved += await actions.look(session, listing_id, demand, final) is not None
    return moved
