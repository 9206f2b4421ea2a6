"""One leader follows the chain under an advisory lock; every other process stands by with a connection of its own."""

import asyncio
import logging
import time
from collections.abc import Sequence

import psycopg

from app.chain import deployment as deployments
from app.chain.deployment import Deployment
from app.config import Settings
from indexer.auditor import audit_forever
from indexer.backfill import catch_up, rest
from indexer.decode import decoder_for
from indexer.delay import Delay
from indexer.errors import (
    ChainBehind,
    FinalityUnknown,
    OtherChainMirrored,
    OtherContractsMirrored,
    Retry,
    Stop,
)
from indexer.follow import Batch, Case, Cursor, Rules, require_same_chain, step
from indexer.heads import Heads
from indexer.health import Health, finality_in_words, served
from indexer.metrics import metrics
from indexer.projections import projections_for
from indexer.providers import Providers
from indexer.quorum import vouched
from indexer.rows import prepare
from indexer.store import Store, connect
from indexer.work import running_beside
from indexer.write import write

log = logging.getLogger(__name__)

STANDBY_SECONDS = 1.0
HEARTBEAT_SECONDS = 1.0
MAX_DELAY_SECONDS = 5.0
LAG_PATIENCE_SECONDS = 2.0
"""How long a head below the cursor is taken for a node that lags, before the mirror is cut to it."""


async def run(settings: Settings) -> None:
    """Leads, or stands by, until cancelled; begins anew when the database goes away. Raises Stop."""
    deployment = deployments.load(settings.deployment_file)
    delay = Delay(settings.poll_seconds, MAX_DELAY_SECONDS)
    health = Health(
        finality_in_words(
            finality_depth=settings.finality_depth,
            accept_pending_forever=settings.accept_pending_forever,
            quorum=settings.rpc_quorum,
        )
    )
    heads = Heads(settings.rpc_ws_url.get_secret_value() if settings.rpc_ws_url else None)
    with served(health, settings.api_host, settings.indexer_port):
        async with (
            providers_of(settings, deployment) as node,
            running_beside(heads.listen(), name="heads"),
            running_beside(audit_forever(settings, deployment, health), name="auditor"),
        ):
            while True:
                try:
                    async with connect(settings.database_url.get_secret_value()) as connection:
                        store = Store(connection, deployment.chain_id)
                        await lead(store, node, settings, deployment, delay, health, heads)
                except (Retry, psycopg.OperationalError, psycopg.InterfaceError) as error:
                    await retry(error, delay)


def providers_of(settings: Settings, deployment: Deployment) -> Providers:
    """The nodes of RPC_URLS, as the mirror reads them."""
    return Providers(
        settings.rpc_urls,
        timeout_seconds=settings.rpc_timeout_seconds,
        chain_id=deployment.chain_id,
        finality_depth=settings.finality_depth,
    )


async def retry(error: Exception, delay: Delay) -> None:
    """Says what happened, and waits."""
    said = str(error).partition("\n")[0]
    after = error.after if isinstance(error, Retry) else 0.0
    log.warning("retry after=%.2f error=%s %s", max(delay.seconds, after), type(error).__name__, said)
    metrics.count("retries_total", error=type(error).__name__)
    await delay.wait(after)


async def lead(
    store: Store,
    node: Providers,
    settings: Settings,
    deployment: Deployment,
    delay: Delay,
    health: Health,
    heads: Heads,
) -> None:
    """Waits for the lock, then follows for as long as the connection lives. Raises Stop, having said why."""
    await store.require_migrated()
    await stand_by(store, health)
    try:
        cursor, rules = await start(store, node, settings, deployment)
        await follow(store, node, settings, deployment, delay, cursor, rules, health, heads)
    except Stop as stop:
        await store.halt(str(stop))
        raise


async def stand_by(store: Store, health: Health) -> None:
    """Returns once this process leads."""
    said = False
    while not await store.try_lead():
        health.stands(leader=False)
        if not said:
            log.info("standby")
            said = True
        await asyncio.sleep(STANDBY_SECONDS)
    health.stands(leader=True)


async def start(store: Store, node: Providers, settings: Settings, deployment: Deployment) -> tuple[Cursor, Rules]:
    """Where to go on, after making sure that node, deployment and database are of one chain. Raises Stop."""
    tip = await node.tip()
    other = await store.other_chain()
    if other is not None:
        raise OtherChainMirrored(other, deployment.chain_id)
    if tip.finalized_number is None and not settings.accept_pending_forever:
        raise FinalityUnknown()
    addresses = decoder_for(deployment).addresses
    cursor = await store.cursor() or await begin(
        store, node, deployment, addresses, tip.head.number, tip.finalized_number or 0
    )
    mirrored = await store.contracts()
    if mirrored != frozenset(addresses):
        raise OtherContractsMirrored(mirrored, addresses)
    ignore_reorgs = settings.reorg_handling == "off"
    rules = Rules(addresses, await store.first_block(), node.stride, ignore_reorgs, settings.rpc_quorum)
    await require_same_chain_patiently(store, node, cursor, rules, settings.poll_seconds)
    log.info(
        "leading chain=%d block=%d finalized=%d", deployment.chain_id, cursor.block.number, cursor.finalized_number
    )
    return cursor, rules


async def begin(
    store: Store, node: Providers, deployment: Deployment, addresses: Sequence[bytes], head: int, finalized: int
) -> Cursor:
    """The first cursor, on the last block before the deployment."""
    before = max(deployment.start_block, 1) - 1
    (block,) = await node.blocks(before, before)
    return await store.begin(block, finalized, head, addresses)


async def require_same_chain_patiently(
    store: Store, node: Providers, cursor: Cursor, rules: Rules, poll: float
) -> None:
    """A node that lags gets a moment to catch up. Raises ChainBehind after it."""
    deadline = time.monotonic() + LAG_PATIENCE_SECONDS
    while True:
        try:
            return await require_same_chain(node, store, cursor, rules)
        except ChainBehind:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(poll)


async def follow(
    store: Store,
    node: Providers,
    settings: Settings,
    deployment: Deployment,
    delay: Delay,
    cursor: Cursor,
    rules: Rules,
    health: Health,
    heads: Heads,
) -> None:
    """Steps until cancelled, or until the database or the chain makes it impossible."""
    decoder, projections = decoder_for(deployment), projections_for(deployment)
    lag_began: float | None = None
    written = 0.0
    while True:
        patient = lag_began is None or time.monotonic() - lag_began < LAG_PATIENCE_SECONDS
        try:
            batch = await step(node, store, cursor, rules, patient=patient)
            batch = await vouched(store, node, rules, batch)
        except Retry as error:
            await retry(error, delay)
            continue
        delay.reset()
        lag_began = (lag_began or time.monotonic()) if batch.case is Case.SHORTER else None
        if changes(batch) or time.monotonic() - written > HEARTBEAT_SECONDS:
            prepared = [prepare(decoder, batch.appended)]
            cursor = await write(store.connection, batch, prepared, projections, deployment.chain_id)
            written = time.monotonic()
            say(batch)
        health.saw(batch)
        if batch.head_number - cursor.block.number > rules.stride.blocks and not rules.ignore_reorgs:
            cursor = await catch_up(node, store.connection, deployment, cursor, rules, health)
            await rest()
        more_to_vouch = rules.quorum > 1 and batch.finalized_number > batch.cursor.finalized_number
        if batch.end.number >= batch.head_number and not more_to_vouch:
            await heads.wait(settings.poll_seconds)


def changes(batch: Batch) -> bool:
    """Whether the mirror would differ; if not, the cursor is only touched now and then to show life."""
    return batch.end != batch.cursor.block or batch.finalized_number != batch.cursor.finalized_number


def say(batch: Batch) -> None:
    """One line a batch that brought logs, cut blocks or covered a gap."""
    logs = len(batch.appended.logs)
    if batch.case is Case.REORG:
        depth = batch.cursor.block.number - batch.ancestor.number
        log.warning("reorg depth=%d ancestor=%d block=%d", depth, batch.ancestor.number, batch.end.number)
    elif logs or batch.case is Case.GAP:
        log.info("%s block=%d logs=%d head=%d", batch.case, batch.end.number, logs, batch.head_number)
