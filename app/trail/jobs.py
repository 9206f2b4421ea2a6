"""The trail's jobs: linking, anchoring, and letting go of what is older than it has to be."""

import logging
from datetime import timedelta

from celery import shared_task

from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.faults import reach
from app.relayer.jobs import signers_of
from app.trail import actions, queries
from app.trail.export import write_file

log = logging.getLogger(__name__)

SCHEDULE: dict[str, float] = {"trail.link": 1.0, "trail.anchor": 60.0, "trail.drop": 3600.0}


@shared_task(name="trail.link")  # type: ignore[untyped-decorator]  # celery ships no types
def link() -> None:
    """Links what was committed."""
    run_in_worker(link_waiting)


@shared_task(name="trail.anchor")  # type: ignore[untyped-decorator]  # celery ships no types
def anchor() -> None:
    """Has the newest link carried to the chain, where it is time."""
    run_in_worker(anchor_due)


@shared_task(name="trail.drop")  # type: ignore[untyped-decorator]  # celery ships no types
def drop() -> None:
    """Erases personal data and drops rows that are past their days."""
    run_in_worker(drop_old)


async def link_waiting(runtime: WorkerRuntime) -> int:
    """Links until nothing waits, some at a time; how many."""
    linked = 0
    while True:
        async with transaction(runtime.sessions) as session:
            given = await actions.link(session)
            reach("trail.linked_before_commit")
        linked += given
        if given < actions.LINKS_AT_ONCE:
            return linked


async def anchor_due(runtime: WorkerRuntime) -> None:
    """One anchor at most; none where this worker has no relayer, which is the one who pays for it."""
    settings = runtime.settings
    if not settings.relayer_sources:
        return
    relayer = (await signers_of(settings))[0].address
    async with transaction(runtime.sessions) as session:
        intent = await actions.anchor(session, relayer, timedelta(minutes=settings.trail_anchor_minutes))
    if intent is not None:
        log.info("trail anchored key=%s intent=%s", intent.key, intent.id)


async def drop_old(runtime: WorkerRuntime) -> None:
    """Origins past their days go; entries go from anchor to anchor, written to a file first where one is wanted."""
    while await erase_some(runtime):
        pass
    while await drop_some(runtime):
        pass


async def erase_some(runtime: WorkerRuntime) -> int:
    async with transaction(runtime.sessions) as session:
        return await actions.erase_old_origins(session, runtime.settings.trail_origin_days)


async def drop_some(runtime: WorkerRuntime) -> int:
    """From the beginning to the next anchor that is old enough."""
    settings = runtime.settings
    if settings.trail_days is None:
        return 0
    async with transaction(runtime.sessions) as session:
        beginning = await queries.next_beginning(session, settings.trail_days)
        if beginning is None:
            return 0
        if settings.trail_export_dir is not None:
            await write_file(session, settings.trail_export_dir, beginning)
        dropped = await actions.drop_before(session, beginning)
    log.info("trail dropped rows=%d beginning=%d", dropped, beginning)
    return dropped
