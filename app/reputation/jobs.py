"""Makes scores anew when something became final, an audit was recorded, a day of the chain began, or the formula that
made them is no longer the newest."""

from celery import shared_task

from app.announcements.actions import advance, held_position, next_for
from app.announcements.queries import position_of
from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.errors import ChainNotMirrored
from app.escrow.queries import chain_clock
from app.reputation import judging
from app.reputation.queries import anything_final_between, formula_of_scores
from app.reputation.scoring import NEWEST

SCHEDULE: dict[str, float] = {"reputation.judge": 10.0}
FINAL, DAY, AUDITS = "reputation.final", "reputation.day", "reputation.audits"


@shared_task(name="reputation.judge")  # type: ignore[untyped-decorator]  # celery ships no types
def judge() -> None:
    """Scores everybody, where there is a reason to."""
    run_in_worker(judge_once)


async def judge_once(runtime: WorkerRuntime) -> bool:
    """One round; whether scores were made. Nothing to do before the chain is mirrored."""
    try:
        async with transaction(runtime.sessions) as session:
            clock = await chain_clock(session)
            done, day = await held_position(session, FINAL), await held_position(session, DAY)
            if done is None or day is None:
                return False
            audits = await next_for(session, AUDITS, ("audit.recorded",), limit=1_000)
            today = judging.day_of(clock)
            is_new = clock.finalized_number > done and await anything_final_between(
                session, done, clock.finalized_number
            )
            is_by_another = await formula_of_scores(session) not in (None, NEWEST.name)
            if not (is_new or audits or today != day or is_by_another):
                return False
            await judging.judge(session, clock)
            await advance(session, FINAL, clock.finalized_number)
            await advance(session, DAY, today)
            if audits:
                await advance(session, AUDITS, position_of(audits[-1]))
            return True
    except ChainNotMirrored:
        return False
