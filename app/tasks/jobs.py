"""What happens to tasks by the mere passing of time."""

from celery import shared_task

from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.errors import ChainNotMirrored
from app.tasks import actions, sponsoring

SCHEDULE: dict[str, float] = {"tasks.expire": 2.0, "tasks.gas": 2.0, "tasks.drop_drafts": 3600.0}


@shared_task(name="tasks.expire")  # type: ignore[untyped-decorator]  # celery ships no types
def expire() -> None:
    """Announces late tasks, whose money anyone may now send back to its buyer."""
    run_in_worker(expire_once)


@shared_task(name="tasks.drop_drafts")  # type: ignore[untyped-decorator]  # celery ships no types
def drop_drafts() -> None:
    """Removes drafts that nobody ever tried to fund."""
    run_in_worker(drop_once)


@shared_task(name="tasks.gas")  # type: ignore[untyped-decorator]  # celery ships no types
def gas() -> None:
    """Books the gas of tasks whose beginning or end is final."""
    run_in_worker(gas_once)


async def gas_once(runtime: WorkerRuntime) -> None:
    """One round; nothing to do before the chain is mirrored."""
    try:
        async with transaction(runtime.sessions) as session:
            await sponsoring.react(session, runtime.settings.gas_deposit_wei)
    except ChainNotMirrored:
        return


async def expire_once(runtime: WorkerRuntime) -> None:
    """One round; nothing to do before the chain is mirrored."""
    try:
        async with transaction(runtime.sessions) as session:
            await actions.announce_expired(session)
    except ChainNotMirrored:
        return


async def drop_once(runtime: WorkerRuntime) -> None:
    """One round."""
    async with transaction(runtime.sessions) as session:
        await actions.drop_old_drafts(session)
