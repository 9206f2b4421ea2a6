"""The relayer's jobs, on a queue of their own: a stalled chain must not hold up the market."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from celery import Celery, shared_task

from app.boundary import WorkerRuntime, run_in_worker
from app.chain.deployment import load
from app.chain.rpc import AsyncChain
from app.config import read_settings
from app.errors import ChainUnavailable, RelayerKeyMissing
from app.relayer.carry import carry as carry_intents
from app.relayer.sender import Sender, alone, read_key
from app.relayer.watch import watch

log = logging.getLogger(__name__)

QUEUE = "relayer"
SCHEDULE: dict[str, float] = {"relayer.carry": 0.5}

SWEEP_SECONDS = 30.0
NUDGE_EXPIRES_SECONDS = 5


@shared_task(name="relayer.carry")  # type: ignore[untyped-decorator]  # celery ships no types
def carry() -> None:
    """Simulates, signs and sends what waits, once what was sent has been looked after."""
    run_in_worker(lambda runtime: sweep(runtime, watch_then_carry))


async def watch_then_carry(sender: Sender) -> None:
    """In this order: what a reorg dropped must be on its way again before anything built upon it is judged."""
    await watch(sender)
    await carry_intents(sender)


async def sweep(runtime: WorkerRuntime, run: Callable[[Sender], Awaitable[Any]]) -> None:
    """One sweep, alone and within a time limit. A chain that does not answer is left for the next one."""
    settings = runtime.settings
    if settings.relayer_key_file is None:
        raise RelayerKeyMissing(name="RELAYER_KEY_FILE", reason="the relayer cannot send without a key")
    account, deployment = read_key(settings.relayer_key_file), load(settings.deployment_file)
    async with AsyncChain(settings.rpc_urls, timeout_seconds=settings.rpc_timeout_seconds) as chain:
        sender = Sender(runtime.sessions, chain, deployment.chain_id, account, settings.finality_depth)
        try:
            async with asyncio.timeout(SWEEP_SECONDS), alone(runtime.engine, sender.chain_id, sender.address) as only:
                if only:
                    await run(sender)
        except (ChainUnavailable, TimeoutError) as error:
            # Safe: what was stored is stored, and the next sweep begins where this one stopped.
            log.warning("sweep stopped chain=%d: %s", sender.chain_id, str(error) or "out of time")


def wake() -> None:
    """Asks a worker to carry now. Raises what the broker's client raises."""
    client().send_task("relayer.carry", queue=QUEUE, expires=NUDGE_EXPIRES_SECONDS, retry=False, ignore_result=True)


@cache
def client() -> Celery:
    """Sends from processes that are no worker."""
    made = Celery(broker=read_settings().redis_url.get_secret_value(), set_as_current=False)
    limits = {"socket_connect_timeout": 1, "socket_timeout": 1, "max_retries": 1, "interval_start": 0}
    made.conf.update(broker_transport_options=limits, broker_connection_retry=False, task_ignore_result=True)
    return made
