"""What happens by the mere passing of time."""

from app.boundary import WorkerRuntime
from app.database import make_engine, make_sessions
from app.tasks.jobs import drop_once, expire_once
from tests.integration.api import execute
from tests.integration.market import Market


async def run_jobs(market: Market) -> None:
    engine = make_engine(market.settings.sqlalchemy_url, pool_size=2)
    runtime = WorkerRuntime(market.settings, engine, make_sessions(engine))
    await expire_once(runtime)
    await drop_once(runtime)
    await engine.dispose()


def announced(market: Market, task_id: str) -> int:
    found = execute(
        market.database_url,
        "SELECT count(*) FROM market.announcements WHERE topic = 'task.expired' AND subject = %(subject)s",
        {"subject": f"task:{task_id}"},
    )
    return int(found[0][0])


async def test_a_late_task_is_announced_once(market: Market) -> None:
    terms = await market.terms()
    task_id = await market.posted(terms)
    market.clock(terms.award_by)
    await run_jobs(market)
    assert announced(market, task_id) == 0
    market.clock(terms.award_by + 1)
    await run_jobs(market)
    await run_jobs(market)
    assert announced(market, task_id) == 1


async def test_only_old_drafts_that_nobody_paid_are_dropped(market: Market) -> None:
    old, paid, fresh = [await market.post(await market.terms(), seconds=60) for _ in range(3)]
    await market.buyer.carry(f"/tasks/{paid}/fund", {"method": "authorization"})
    execute(
        market.database_url,
        "UPDATE market.tasks SET created_at = now() - interval '31 days' WHERE task_id = ANY(%(ids)s)",
        {"ids": [bytes.fromhex(task_id[2:]) for task_id in (old, paid)]},
    )
    await run_jobs(market)
    statuses = [(await market.buyer.get(f"/tasks/{task_id}")).status_code for task_id in (old, paid, fresh)]
    assert statuses == [404, 200, 200]
