"""Seeded simulations: a chain that reorganises, a node that fails and lies, a process that is killed anywhere.

Whatever happened, once the faults stop the mirror is, byte for byte, what a mirror made from scratch is. Over twenty
seeds or more every kind of fault, act and crash point must have happened: one that never did proves nothing. One alone:
`SIMULATOR_SEEDS=17 scripts/test tests/integration/indexer/test_simulator.py`.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import pytest

from app.chain import deployment as deployments
from app.config import Settings
from devnet import network
from devnet.anvil import Mining
from devnet.deploy import deploy
from devnet.processes import Service
from devnet.rpc import Chain
from indexer.audit import OPTIONS, differences
from indexer.decode import decoder_for
from indexer.follow import step
from indexer.lead import start as begin
from indexer.projections import projections_for
from indexer.providers import Providers
from indexer.rows import prepare
from indexer.store import Store, connect
from indexer.write import CRASH_POINTS, write
from tests.conftest import Postgres
from tests.integration.indexer.simulator.acts import DEEP, DEEPEST, Acts
from tests.integration.indexer.simulator.proxy import KINDS, Faults, proxy
from tests.integration.indexer.world import Mirror, World, wait_until

FAST_SEEDS, DEEP_SEEDS = range(20), range(500)
ENOUGH_SEEDS = 20
"""For each kind of fault, act and crash point to happen at least once."""
KEPT_SEEDS: tuple[int, ...] = (95,)
"""Seeds that once failed, beyond the fast ones, each with what it found. 95: a chain that ends shorter than the mirror
had seen it, whose own finality then lies below that of the mirror."""
PHASES, ACTS_IN_A_PHASE = 2, 10
SLOTS = 128
"""Final is the head less twice as many blocks, below every reorg that is played."""
TIME_OUT_SECONDS = 0.5
ACTS = {
    "fund",
    "release",
    "cancel",
    "register",
    "mine",
    "reorg",
    f"reorg of {DEEP}",
    f"reorg of {DEEPEST}",
    "shorter",
    "mined again",
}
SETTLE_SECONDS = 60
ENDS = (*CRASH_POINTS, None)
"""Dealt out in turn, so that a few seeds meet them all."""


@dataclass
class Seen:
    """Over all seeds."""

    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Stage:
    """One Anvil with the contracts and an empty database. Anvil forgets old states, after which a deep reorg leaves
    accounts without code, so that each seed has a chain of its own."""

    world: World
    mirror: Mirror
    empty: str
    """The URL of another empty database, for the oracle."""


Staged = Callable[[Path], AbstractContextManager[Stage]]


@pytest.fixture
def staged(run_env: dict[str, str], postgres: Postgres, migrated_template: str) -> Staged:
    """Puts up a chain of its own below a folder, until the end of the block."""

    @contextmanager
    def stage(folder: Path) -> Iterator[Stage]:
        mining = Mining(block_seconds=None, mixed=False, slots_in_an_epoch=SLOTS)
        service, url = network.start_anvil(folder / "chain", run_env, None, network.ANY_PORTS, False, mining)
        assert service is not None
        try:
            file = folder / "deployment.json"
            deploy(url, file)
            with Chain(url, timeout_seconds=30) as chain:
                world = World(chain, deployments.load(file))
                world.register()
                world.mine(2 * SLOTS + 20)
                database, empty = (postgres.create_database(migrated_template) for _ in range(2))
                yield Stage(world, Mirror(database, url, file, run_env, folder), empty)
        finally:
            service.stop()

    return stage


def simulate(stage: Stage, seed: int, seen: Seen) -> None:
    """One seed. Raises AssertionError where the mirror is not what it should be."""
    drawn = random.Random(seed)
    world, mirror = stage.world, stage.mirror
    lowest = world.chain.block_number()
    world.mine(drawn.choice([20, DEEPEST + 10]))
    acts = Acts(world, drawn, agent_id=1, lowest=lowest)
    faults = Faults(random.Random(seed + 1), time_out_seconds=TIME_OUT_SECONDS, before=seen.faults.copy())
    with proxy(mirror.rpc_url, faults) as url, proxy(mirror.rpc_url, faults) as second:
        faulty = replace(mirror, rpc_url=url if seed % 2 else f"{url},{second}")
        for phase in range(PHASES):
            share, crash_at = drawn.choice([0.1, 0.3, 0.5]), ENDS[(PHASES * seed + phase) % len(ENDS)]
            with play(faulty, f"phase{phase}", crash_at, seen) as indexer:
                faults.share = share
                for _ in range(ACTS_IN_A_PHASE):
                    acts.any()
                faults.share = 0.0
                if crash_at:
                    reach(indexer, faulty, acts)
            acts.any()
        settle(faulty, world, seed)
    assert world.chain.ask("eth_getCode", world.deployment.escrow, "latest") != "0x", "the chain lost its contracts"
    assert dumped(mirror) == from_scratch(world, mirror.on(stage.empty)), f"seed {seed}"
    told_everything(mirror)
    with psycopg.connect(mirror.database_url, options=OPTIONS) as connection:
        assert list(differences(connection, world.deployment)) == []
    seen.faults += faults.counts
    seen.acts += acts.counts


def reach(indexer: Service, mirror: Mirror, acts: Acts) -> None:
    """A process that still runs meets every crash point: it appends something, and takes it back."""
    done = []
    for act in (acts.fund, acts.reorg_of_two, acts.fund):
        wait_until(lambda: not indexer.running() or mirror.caught_up(acts.world.chain), "it is at the head or dead", 60)
        done.append(act())
    try:
        wait_until(lambda: not indexer.running(), "it died at its crash point", SETTLE_SECONDS)
    except AssertionError as late:
        raise AssertionError(f"{late} after {done}: {log_of(indexer)[-1_000:]}") from late


@contextmanager
def play(mirror: Mirror, name: str, crash_at: str | None, seen: Seen) -> Iterator[Service]:
    """A process mirrors meanwhile; it dies at a crash point, or is killed at the end, wherever it is."""
    told = {"RPC_TIMEOUT_SECONDS": str(TIME_OUT_SECONDS), "FAULT_DIR": str(mirror.folder)}
    indexer = mirror.indexer(name, **told, **({"FAULT_AT": crash_at} if crash_at else {}))
    indexer.start()
    try:
        wait_until(lambda: "leading" in log_of(indexer) or not indexer.running(), "it leads", SETTLE_SECONDS)
        yield indexer
    finally:
        indexer.kill()
    if crash_at and (marker := mirror.folder / crash_at).exists():
        seen.crashes[crash_at] += 1
        marker.unlink()


def settle(mirror: Mirror, world: World, seed: int) -> None:
    """Without faults, the mirror comes to the head. Its finality never goes back, where this chain's does with its
    head: the chain grows until both say the same."""
    ((mirrored,),) = mirror.rows("SELECT coalesce(max(finalized_number), 0) FROM chain.cursors")
    final = int(world.chain.ask("eth_getBlockByNumber", "finalized", False)["number"], 16)
    world.mine(max(1, mirrored - final))
    indexer = mirror.indexer("last", RPC_TIMEOUT_SECONDS="5")
    indexer.start()
    try:
        wait_until(lambda: mirror.caught_up(world.chain), f"seed {seed} is at the head", SETTLE_SECONDS)
    finally:
        assert indexer.running(), f"seed {seed} ended: {log_of(indexer)[-500:]}"
        indexer.stop()


def from_scratch(world: World, fresh: Mirror) -> dict[str, list[tuple[object, ...]]]:
    """The oracle: the same chain in an empty database, range by range, without any fault."""
    asyncio.run(mirror_all(fresh, world))
    return dumped(fresh)


async def mirror_all(mirror: Mirror, world: World) -> None:
    settings = Settings(
        database_url=mirror.database_url,
        redis_url="redis://127.0.0.1:1/0",
        rpc_urls=(mirror.rpc_url,),
        deployment_file=mirror.deployment_file,
        content_dir=mirror.folder,
        public_url="http://127.0.0.1",
        environment="development",
    )
    decoder, projections = decoder_for(world.deployment), projections_for(world.deployment)
    async with Providers([mirror.rpc_url], timeout_seconds=20) as node, connect(mirror.database_url) as connection:
        store = Store(connection, world.deployment.chain_id)
        cursor, rules = await begin(store, node, settings, world.deployment)
        while cursor.block != (await node.tip()).head:
            batch = await step(node, store, cursor, rules)
            cursor = await write(connection, batch, [prepare(decoder, batch.appended)], projections, store.chain_id)


def dumped(mirror: Mirror) -> dict[str, list[tuple[object, ...]]]:
    """Every mirrored table, and the cursor but for when it was last touched."""
    cursor = (
        "SELECT chain_id, contracts, block_number, block_hash, block_timestamp, finalized_number FROM chain.cursors"
    )
    return {**mirror.dump(), "cursors": mirror.rows(cursor)}


def told_everything(mirror: Mirror) -> None:
    """Every mirrored event was announced, and every announced one that is gone was taken back later."""
    events = "escrow_events", "agent_events", "feedback_events", "channel_events"
    there = {
        row
        for table in events
        for row in mirror.rows(f"SELECT block_number, log_index, tx_hash, name FROM chain.{table}")
    }
    told, back = set(), []
    for n, (topic, payload) in enumerate(mirror.rows("SELECT topic, payload FROM market.announcements ORDER BY id")):
        if topic == "chain.reorged":
            back.append((n, payload["from_block"]))
        elif "log_index" in payload and topic != "chain.quarantined":
            place = payload["block"], payload["log_index"], bytes.fromhex(payload["tx"][2:]), topic[len("chain.") :]
            told.add((n, place))
    assert there <= {place for _, place in told}
    gone = [(n, place) for n, place in told if place not in there]
    assert all(any(later > n and block <= place[0] for later, block in back) for n, place in gone)


def log_of(indexer: Service) -> str:
    log = indexer.command.log
    return log.read_text() if log and log.exists() else ""


def simulate_all(staged: Staged, seeds: list[int], folder: Path) -> None:
    seen = Seen()
    for seed in seeds:
        began = time.monotonic()
        own = folder / str(seed)
        own.mkdir()
        with staged(own) as stage:
            simulate(stage, seed, seen)
        print(f"seed {seed} {time.monotonic() - began:.1f} s")
    print(f"faults={dict(seen.faults)} acts={dict(seen.acts)} crashes={dict(seen.crashes)}")
    if len(seeds) >= ENOUGH_SEEDS:
        assert set(KINDS) <= set(seen.faults), f"never happened: {set(KINDS) - set(seen.faults)}"
        assert set(ACTS) <= set(seen.acts), f"never happened: {ACTS - set(seen.acts)}"
        assert set(CRASH_POINTS) <= set(seen.crashes), f"never reached: {set(CRASH_POINTS) - set(seen.crashes)}"


def test_ends_like_a_mirror_from_scratch(staged: Staged, tmp_path: Path) -> None:
    asked = [int(seed) for seed in os.environ.get("SIMULATOR_SEEDS", "").split(",") if seed]
    simulate_all(staged, asked or [*FAST_SEEDS, *KEPT_SEEDS], tmp_path)


@pytest.mark.deep
def test_ends_like_a_mirror_from_scratch_over_many_seeds(staged: Staged, tmp_path: Path) -> None:
    simulate_all(staged, [*DEEP_SEEDS], tmp_path)
