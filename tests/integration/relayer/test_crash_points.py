"""Workers that are killed at any point, over a chain that reorganises behind a pool that loses things: each intent ends
in exactly one state, with at most one effect, and what is spent stays under the cap.

The effect is a token's transfer of 1 base unit to an address of the intent's own: the contract would do it twice, so a
balance of 2 is a relayer that did.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from eth_account import Account
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.boundary import transaction
from app.chain.contracts import call_data
from app.chain.deployment import Deployment, load
from app.chain.rpc import AsyncChain
from app.config import sqlalchemy_url
from app.database import Address, make_engine, make_sessions
from app.migrate import migrate
from app.relayer.actions import enqueue
from app.relayer.gas.models import GasCharge
from app.relayer.models import Intent, Transaction
from app.signing.signer import LocalSigner
from devnet import network
from devnet.anvil import Mining
from devnet.binaries import ROOT
from devnet.deploy import Deployment as Deployed
from devnet.deploy import deploy, fund
from devnet.keys import DevelopmentKey, write_key_file
from devnet.network import Network
from devnet.processes import Command, Service, tail
from tests.integration.relayer.pool import UNKIND, Pool, pool_proxy
from tests.integration.relayer.processes import worker_environment

BLOCKS = Mining(block_seconds=0.5, mixed=False, slots_in_an_epoch=8)
POINTS = (
    "relayer.simulated_before_commit",
    "relayer.signed_before_commit",
    "relayer.after_commit_before_send",
    "relayer.after_send_before_confirm",
    "relayer.settled_before_commit",
)
DAY_WEI = 10 * 10**18
GAP_SECONDS = 60.0


@dataclass(frozen=True)
class Size:
    intents: int
    workers: int
    kills: int
    reorgs: int
    keys: int
    asking_seconds: float
    seconds: float


QUICK = Size(intents=120, workers=3, kills=15, reorgs=3, keys=2, asking_seconds=20, seconds=150)
WHOLE = Size(intents=1_000, workers=8, kills=200, reorgs=20, keys=4, asking_seconds=240, seconds=1_500)


@dataclass
class World:
    net: Network
    folder: Path
    deployed: Deployed
    deployment: Deployment
    chain: AsyncChain
    engine: AsyncEngine
    pool: Pool
    proxied: str
    signers: Sequence[LocalSigner]
    random: random.Random
    effects: dict[UUID, str] = field(default_factory=dict)
    refused: set[UUID] = field(default_factory=set)
    killed: Counter[str] = field(default_factory=Counter)

    async def ask_for(self, count: int, seconds: float) -> None:
        """Intents, one after the other; one in ten is refused by the contract, whoever carries it."""
        sessions = make_sessions(self.engine)
        for number in range(count):
            bad, to = number % 10 == 9, str(Account.create().address)
            amount = 10**30 if bad else 1
            async with transaction(sessions) as session:
                intent = await enqueue(
                    session,
                    key=f"crash:{number}",
                    verb="transfer",
                    task_id=None,
                    account=Address(to),
                    to=self.deployment.token,
                    data=call_data("MockUSDC", "transfer", to, amount),
                )
                if bad:
                    self.refused.add(intent.id)
                else:
                    self.effects[intent.id] = to
            await asyncio.sleep(seconds / count)

    async def open_intents(self) -> int:
        async with transaction(make_sessions(self.engine)) as session:
            unfinished = select(func.count()).where(Intent.state.not_in(("final", "failed")))
            return (await session.execute(unfinished)).scalar_one()


@pytest.fixture
async def world(tmp_path: Path, run_env: dict[str, str]) -> AsyncIterator[World]:
    """A chain of its own, since it is reorganised, and keys with gas money and tokens."""
    with network.start(tmp_path, env=run_env, mining=BLOCKS) as net:
        deployed = deploy(net.endpoints.rpc_url, tmp_path / "deployment.json")
        migrate(net.endpoints.database_url)
        contracts = load(tmp_path / "deployment.json")
        engine = make_engine(sqlalchemy_url(net.endpoints.database_url))
        pool = Pool(random.Random(7))
        async with AsyncChain([net.endpoints.rpc_url], timeout_seconds=10) as chain:
            with pool_proxy(net.endpoints.rpc_url, pool) as proxied:
                made = World(net, tmp_path, deployed, contracts, chain, engine, pool, proxied, [], random.Random(11))
                yield made
        await engine.dispose()


async def fund_keys(world: World, count: int) -> None:
    world.signers = [LocalSigner(os.urandom(32)) for _ in range(count)]
    for signer in world.signers:
        await world.chain.request("anvil_setBalance", signer.address, hex(10**21))
    addresses = [str(signer.address) for signer in world.signers]
    await asyncio.to_thread(fund, world.net.endpoints.rpc_url, world.deployed, addresses, 10**9)
    await world.chain.request("anvil_mine", hex(40))  # no reorg takes them away


def environment(world: World, run_env: dict[str, str]) -> dict[str, str]:
    ends = world.net.endpoints
    files = [
        write_key_file(world.folder, f"relayer{n}", DevelopmentKey(each.address, "0x" + each._key.secret.hex()))
        for n, each in enumerate(world.signers)
    ]
    told = worker_environment(
        ends.database_url, ends.redis_url, world.proxied, world.folder / "deployment.json", world.folder
    )
    del told["RELAYER_KEY_FILE"]
    keys = ",".join(f"file:{file}" for file in files)
    return run_env | told | {"RELAYER_KEYS": keys, "GAS_DAY_WEI": str(DAY_WEI), "RPC_TIMEOUT_SECONDS": "3"}


@dataclass
class Worker:
    """A process that dies at a point, or at a moment, and comes back."""

    world: World
    name: str
    env: dict[str, str]
    service: Service | None = None
    point: str = ""
    dies_at: float = 0.0

    def start(self, *, mortal: bool) -> None:
        chosen = self.world.random
        self.point = chosen.choice(POINTS) if mortal and chosen.random() < 0.7 else ""
        patience = (20.0, 40.0) if self.point else (3.0, 9.0)  # a point is reached by who holds an account's lock
        self.dies_at = time.monotonic() + chosen.uniform(*patience) if mortal else float("inf")
        folder = self.world.folder / f"faults-{self.name}-{time.monotonic_ns()}"
        folder.mkdir()
        env = (
            self.env
            | ({"FAULT_AT": self.point} if self.point else {})
            | {"FAULT_DIR": str(folder), "PYTHONPATH": str(ROOT)}
        )
        argv = [sys.executable, str(Path(__file__).with_name("crash_worker.py"))]
        log = self.world.folder / f"{self.name}.log"
        self.service = Service(Command(self.name, argv, env, log, cwd=ROOT))
        self.service.spawn()

    def died(self) -> str | None:
        """How, where it did: of itself at its point, or killed now that its time has come."""
        assert self.service is not None
        if not self.service.running():
            assert self.point, tail(self.world.folder / f"{self.name}.log")
            self.service.kill()  # lets go of what it held
            return self.point
        if time.monotonic() < self.dies_at:
            return None
        self.service.kill()
        return "any moment"


@contextmanager
def workers(world: World, env: dict[str, str], count: int) -> Iterator[list[Worker]]:
    crew = [Worker(world, f"relayer-{number}", env) for number in range(count)]
    try:
        yield crew
    finally:
        for worker in crew:
            if worker.service is not None:
                worker.service.kill()


async def play(world: World, size: Size, asking: asyncio.Future[None], env: dict[str, str]) -> float:
    """Kills and reorgs while intents are carried, then peace until all have ended; the longest that a gap was open."""
    longest, ends = 0.0, time.monotonic() + size.seconds
    since: dict[str, tuple[int, float]] = {}
    world.pool.send_share, world.pool.error_share = 0.25, 0.2
    reorgs, next_reorg = 0, time.monotonic() + 3
    with workers(world, env, size.workers) as crew:
        for worker in crew:
            worker.start(mortal=True)
        while True:
            peace = asking.done() and world.killed.total() >= size.kills and reorgs >= size.reorgs
            if peace and world.pool.send_share:
                world.pool.send_share = world.pool.error_share = 0.0
            for worker in crew:
                if (how := worker.died()) is not None:
                    world.killed[how] += 1
                    worker.start(mortal=world.killed.total() < size.kills)
            if reorgs < size.reorgs and time.monotonic() > next_reorg:
                await world.chain.request("anvil_reorg", world.random.randint(1, 6), [])
                world.pool.forget_all()
                reorgs, next_reorg = reorgs + 1, time.monotonic() + world.random.uniform(2, 6)
            if peace and await world.open_intents() == 0:
                asking.result()
                return longest
            longest = max(longest, await open_gap(world, since))
            assert time.monotonic() < ends, (world.killed, reorgs, await states(world))
            await asyncio.sleep(0.2)


async def open_gap(world: World, since: dict[str, tuple[int, float]]) -> float:
    """How long an account's next nonce has been waited for while later ones are stored."""
    worst = 0.0
    async with transaction(make_sessions(world.engine)) as session:
        stored = await session.execute(
            select(Transaction.sender, func.max(Transaction.nonce)).group_by(Transaction.sender)
        )
        highest = dict(stored.all())
    for signer in world.signers:
        nonce = await world.chain.nonce(signer.address)
        before, began = since.get(signer.address, (nonce, time.monotonic()))
        waiting = highest.get(signer.address, -1) > nonce
        since[signer.address] = (nonce, began if waiting and before == nonce else time.monotonic())
        worst = max(worst, time.monotonic() - since[signer.address][1])
    return worst


async def states(world: World) -> Counter[str]:
    async with transaction(make_sessions(world.engine)) as session:
        return Counter(dict((await session.execute(select(Intent.state, func.count()).group_by(Intent.state))).all()))


async def check(world: World, size: Size) -> None:
    sessions = make_sessions(world.engine)
    async with transaction(sessions) as session:
        intents = {intent.id: intent for intent in await session.scalars(select(Intent))}
        booked = (await session.execute(select(func.sum(GasCharge.wei)))).scalar_one()
        doubled = (
            select(Transaction.intent_id)
            .where(Transaction.state == "final", Transaction.intent_id.is_not(None))
            .group_by(Transaction.intent_id)
            .having(func.count() > 1)
        )
        assert (await session.execute(doubled)).all() == []
    assert len(intents) == size.intents
    assert {intents[each].state for each in world.refused} == {"failed"}
    held = await world.chain.batch([balance_of(world, to) for to in world.effects.values()])
    for intent_id, balance in zip(world.effects, held, strict=True):
        assert int(balance, 16) == (1 if intents[intent_id].state == "final" else 0), intents[intent_id].reason
    lost = [intents[each].reason for each in world.effects if intents[each].state == "failed"]
    assert set(lost) <= {"lost_in_reorg"}, lost
    spent = sum([10**21 - await world.chain.balance(signer.address) for signer in world.signers])
    assert 0 < spent <= booked <= DAY_WEI


def balance_of(world: World, owner: str) -> tuple[object, ...]:
    data = "0x" + call_data("MockUSDC", "balanceOf", owner).hex()
    return ("eth_call", {"to": world.deployment.token, "data": data}, "latest")


async def prove(world: World, size: Size, run_env: dict[str, str]) -> None:
    await fund_keys(world, size.keys)
    asking = asyncio.ensure_future(world.ask_for(size.intents, size.asking_seconds))
    longest = await play(world, size, asking, environment(world, run_env))
    await check(world, size)
    assert longest < GAP_SECONDS
    for kind in UNKIND:
        assert world.pool.counts[kind], (kind, world.pool.counts)
    assert {how for how in world.killed if how} >= {"any moment"}
    print(f"killed {dict(world.killed)}, pool {dict(world.pool.counts)}, longest gap {longest:.1f} s")


async def test_every_intent_ends_once_whatever_is_killed(world: World, run_env: dict[str, str]) -> None:
    await prove(world, QUICK, run_env)


@pytest.mark.deep
async def test_1000_intents_end_once_under_200_kills(world: World, run_env: dict[str, str]) -> None:
    await prove(world, WHOLE, run_env)
    assert set(POINTS) <= set(world.killed)
    for kind in ("underpriced", "already known"):
        assert world.pool.counts[kind], (kind, world.pool.counts)
