"""Frees the money of calls that were lost with their process, and forgets old calls."""

from celery import shared_task

from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.routing import actions, pulling, queries

SCHEDULE: dict[str, float] = {"routing.free_lost": 60.0, "routing.forget": 3600.0}
BATCH, MOST_BATCHES = 500, 100
LOST = {"state": "failed", "price": 0, "problem": "Its process went before there was an answer."}


@shared_task(name="routing.free_lost")  # type: ignore[untyped-decorator]  # celery ships no types
def free_lost() -> None:
    """Ends lost calls that hold money back; they can be sent again like all that failed."""
    run_in_worker(free_lost_once)


@shared_task(name="routing.forget")  # type: ignore[untyped-decorator]  # celery ships no types
def forget() -> None:
    """Deletes calls that ended CALLS_DAYS ago; their names may then be used again."""
    run_in_worker(forget_once)


async def free_lost_once(runtime: WorkerRuntime) -> int:
    """One batch; how many were lost."""
    async with transaction(runtime.sessions) as session:
        lost = await queries.lost_calls(session, BATCH)
        for call in lost:
            await actions.end(session, call, LOST)
        return len(lost)


async def forget_once(runtime: WorkerRuntime) -> int:
    """Batch after batch, at most a hundred; how many are gone. Answers that wait to be paid stay."""
    gone = 0
    for _ in range(MOST_BATCHES):
        async with transaction(runtime.sessions) as session:
            deleted = await actions.forget(session, runtime.settings.calls_days, BATCH)
        gone += deleted
        if deleted < BATCH:
            break
    async with transaction(runtime.sessions) as session:
        await pulling.forget(session)
    return gone
