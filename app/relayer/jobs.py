"""The relayer's jobs, on a queue of their own: a stalled chain must not hold up the market."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import cache

from celery import Celery, shared_task

from app.boundary import WorkerRuntime, run_in_worker
from app.chain.deployment import load
from app.chain.production import require_production
from app.chain.rpc import AsyncChain
from app.config import Settings, read_settings
from app.errors import ChainUnavailable, RelayerKeyMissing, SignerRefused, SignerUnavailable
from app.relayer.admit import admit
from app.relayer.carry import sign_and_send
from app.relayer.gas.rules import GasTerms
from app.relayer.sender import Sender, alone
from app.relayer.watch import watch
from app.signing.keys import KeyRing, open_signer
from app.signing.signer import Signer

log = logging.getLogger(__name__)

QUEUE = "relayer"
SCHEDULE: dict[str, float] = {"relayer.carry": 0.5}

SWEEP_SECONDS = 30.0
BUSY_SECONDS = 20.0
"""After so long a sweep that still finds work ends, and the next begins: settings and keys are read again."""
NUDGE_EXPIRES_SECONDS = 5

_signers: dict[tuple[str, ...], list[Signer]] = {}
"""Opened once a process: a keystore takes a second, and a service is asked for its address."""


@shared_task(name="relayer.carry")  # type: ignore[untyped-decorator]  # celery ships no types
def carry() -> None:
    """Simulates, signs and sends what waits, once what was sent has been looked after."""
    run_in_worker(sweep)


async def sweep(runtime: WorkerRuntime) -> None:
    """Rounds until there is nothing to do, within a time limit. A chain that does not answer is left for later."""
    settings, deployment = runtime.settings, load(runtime.settings.deployment_file)
    require_production(settings, deployment)
    if not settings.relayer_sources:
        raise RelayerKeyMissing(name="RELAYER_KEYS", reason="the relayer cannot send without a key (RELAYER_KEY_FILE)")
    try:
        async with (
            asyncio.timeout(SWEEP_SECONDS),
            AsyncChain(settings.rpc_urls, timeout_seconds=settings.rpc_timeout_seconds) as chain,
            AsyncExitStack() as locks,
        ):
            place = (runtime.sessions, chain, deployment.chain_id)
            senders = [
                Sender(*place, signer, settings.finality_depth, terms_of(settings))
                for signer in await signers_of(settings)
            ]
            mine = [
                sender
                for sender in senders
                if await locks.enter_async_context(alone(runtime.engine, deployment.chain_id, sender.address))
            ]
            admits = await locks.enter_async_context(alone(runtime.engine, deployment.chain_id, "admission"))
            await sweep_until_idle(mine, admits=admits)
    except (ChainUnavailable, SignerUnavailable, TimeoutError) as error:
        # Safe: what was stored is stored, and the next sweep begins where this one stopped.
        log.warning("sweep stopped: %s", str(error) or "out of time")
    except SignerRefused as error:
        log.error("sweep stopped: %s", error)  # noqa: TRY400 - the reason is the signer's, not this process's


async def sweep_until_idle(senders: Sequence[Sender], *, admits: bool) -> None:
    """Rounds, until one finds nothing to do."""
    ends = time.monotonic() + BUSY_SECONDS
    while senders and time.monotonic() < ends:
        if not await one_round(senders, admits=admits):
            return


async def one_round(senders: Sequence[Sender], *, admits: bool = True) -> bool:
    """Whether anything moved. In this order: what a reorg dropped must go out before what builds upon it is judged."""
    moved = await asyncio.gather(*(watch(sender) for sender in senders))
    admitted = await admit(senders) if admits else 0
    signed = await asyncio.gather(*(sign_and_send(sender) for sender in senders))
    return any(moved) or admitted > 0 or any(signed)


async def signers_of(settings: Settings) -> list[Signer]:
    """One for each key source. Raises SettingRefused, SignerUnavailable."""
    sources = settings.relayer_sources
    if sources not in _signers:
        ring = KeyRing(settings.keystore_password_file, settings.signer_token_file, settings.in_production)
        _signers[sources] = [await open_signer(source, ring) for source in sources]
    return _signers[sources]


def terms_of(settings: Settings) -> GasTerms:
    """What the operator sponsors."""
    return GasTerms(
        day_wei=settings.gas_day_wei,
        start_wei=settings.gas_start_wei,
        contract_start_wei=settings.gas_contract_start_wei,
        token_price=settings.gas_token_price,
    )


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
