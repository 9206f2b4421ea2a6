"""The Celery worker and beat: `python -m celery -A app.worker worker|beat`.

Celery carries wake-ups and no data: every job finds its work in rows, so a lost or doubled message changes nothing.
The market's jobs and the relayer's have a queue each, so that a chain that stalls holds up only what needs it.
"""

from typing import Any

from celery import Celery
from celery.signals import worker_process_shutdown, worker_shutdown

from app.analytics import jobs as analytics_jobs
from app.auctions import jobs as auction_jobs
from app.boundary import stop_worker_runtime
from app.channels import jobs as channel_jobs
from app.config import read_settings
from app.pricing import jobs as pricing_jobs
from app.referrals import jobs as referral_jobs
from app.relayer import jobs as relayer_jobs
from app.reputation import jobs as reputation_jobs
from app.reputation.reviews import jobs as review_jobs
from app.routing import jobs as routing_jobs
from app.search import jobs as search_jobs
from app.search.meaning import jobs as meaning_jobs
from app.tasks import jobs as task_jobs
from app.trail import jobs as trail_jobs

DEFAULT_QUEUE = "default"
SCHEDULES: tuple[dict[str, float], ...] = (
    relayer_jobs.SCHEDULE,
    trail_jobs.SCHEDULE,
    auction_jobs.SCHEDULE,
    task_jobs.SCHEDULE,
    search_jobs.SCHEDULE,
    meaning_jobs.SCHEDULE,
    analytics_jobs.SCHEDULE,
    reputation_jobs.SCHEDULE,
    channel_jobs.SCHEDULE,
    routing_jobs.SCHEDULE,
    review_jobs.SCHEDULE,
    pricing_jobs.SCHEDULE,
    referral_jobs.SCHEDULE,
)

# Longer than any job, or the broker would give the same message to a second worker.
VISIBILITY_SECONDS = 600
BROKER_TIMEOUT_SECONDS = 5

celery = Celery("guildhall", broker=read_settings().redis_url.get_secret_value())
celery.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_default_queue=DEFAULT_QUEUE,
    task_routes={"relayer.*": {"queue": relayer_jobs.QUEUE}, "trail.anchor": {"queue": relayer_jobs.QUEUE}},
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": 10,
    },
    beat_max_loop_interval=0.25,
    timezone="UTC",
)


def beat_entry(task: str, seconds: float) -> dict[str, Any]:
    """A message that is not taken soon is worth nothing: the next one finds the same rows."""
    return {"task": task, "schedule": seconds, "options": {"expires": max(2.0, 2 * seconds)}}


celery.conf.beat_schedule = {
    task: beat_entry(task, seconds) for schedule in SCHEDULES for task, seconds in schedule.items()
}


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]  # celery ships no types
@worker_shutdown.connect  # type: ignore[untyped-decorator]  # celery ships no types
def close_runtime(**_: object) -> None:
    """Closes the engine and the loop of this process."""
    stop_worker_runtime()
