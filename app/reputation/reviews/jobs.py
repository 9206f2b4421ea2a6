"""Opens the windows of tasks that ended, and publishes what is due. A lost wake-up loses nothing."""

from celery import shared_task

from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.errors import ChainNotMirrored
from app.faults import reach
from app.reputation.reviews import publishing

SCHEDULE: dict[str, float] = {"reviews.sweep": 2.0}
AT_ONCE = 50


@shared_task(name="reviews.sweep")  # type: ignore[untyped-decorator]  # celery ships no types
def sweep() -> None:
    """Whatever has become final or due."""
    run_in_worker(sweep_once)


async def sweep_once(runtime: WorkerRuntime) -> int:
    """One round; how many windows were closed. Nothing to follow before the chain is mirrored."""
    try:
        async with transaction(runtime.sessions) as session:
            await publishing.follow(session)
    except ChainNotMirrored:
        return 0
    closed = 0
    while some := await publish_some(runtime):
        closed += some
    return closed


async def publish_some(runtime: WorkerRuntime) -> int:
    """What is due, some at a time; how many."""
    async with transaction(runtime.sessions) as session:
        published = await publishing.publish_due(session, AT_ONCE)
        if published:
            reach("worker.reviews_published_before_commit")
        return published
