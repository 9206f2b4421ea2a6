"""The relayer as it runs: a Celery worker over a real broker, killed where it hurts."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from sqlalchemy.ext.asyncio import AsyncEngine

from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.database import make_sessions
from app.relayer import jobs
from app.relayer.sender import Sender
from devnet.keys import DevelopmentKey, write_key_file
from devnet.processes import Processes, tail
from tests.integration.relayer.bench import Bench, signer_of
from tests.integration.relayer.processes import (
    PATIENCE_SECONDS,
    start_beat,
    start_worker,
    wait_for_state,
    worker_environment,
)

CARRIED = ("mined", "final")


@pytest.fixture
def processes() -> Iterator[Processes]:
    with Processes() as group:
        yield group


@pytest.fixture
async def running(engine: AsyncEngine, chain: AsyncChain, contracts: Deployment, tmp_path: Path) -> Bench:
    """A sender whose key a worker process holds."""
    account = Account.create()
    await chain.request("anvil_setBalance", account.address, hex(10**20))
    await chain.request("anvil_mine", hex(12))
    write_key_file(tmp_path, "relayer", DevelopmentKey(account.address, "0x" + bytes(account.key).hex()))
    return Bench(Sender(make_sessions(engine), chain, contracts.chain_id, signer_of(account)), engine, contracts)


@pytest.fixture
def environment(
    database_url: str, redis_url: str, pool_url: str, deployment_file: Path, tmp_path: Path, run_env: dict[str, str]
) -> dict[str, str]:
    return run_env | worker_environment(database_url, redis_url, pool_url, deployment_file, tmp_path)


async def test_worker_and_beat_carry_to_finality(
    running: Bench, processes: Processes, environment: dict[str, str], tmp_path: Path
) -> None:
    start_worker(processes, environment, tmp_path)
    start_beat(processes, environment, tmp_path)
    intent_id = await running.enqueue("by worker")
    await wait_for_state(running, intent_id, tmp_path / "relayer.log", *CARRIED)
    await running.mine(10)
    await wait_for_state(running, intent_id, tmp_path / "relayer.log", "final")
    assert (await running.announced(intent_id))[-1] == "intent.final"


@pytest.mark.parametrize("point", ["relayer.after_commit_before_send", "relayer.after_send_before_confirm"])
async def test_killed_worker_comes_back_to_one_effect(
    running: Bench, processes: Processes, environment: dict[str, str], tmp_path: Path, point: str
) -> None:
    worker = start_worker(processes, environment, tmp_path, FAULT_AT=point)
    start_beat(processes, environment, tmp_path)
    intent_id = await running.enqueue("killed", running.registration(), running.contracts.identity)
    await asyncio.to_thread(worker.wait, PATIENCE_SECONDS)
    assert (tmp_path / point).exists(), tail(tmp_path / "relayer.log")
    (stored,) = await running.transactions()
    assert stored.state == "signed"
    worker.spawn()  # with the same fault: its marker says that it fired
    await wait_for_state(running, intent_id, tmp_path / "relayer.log", *CARRIED)
    assert [row.raw for row in await running.transactions()] == [stored.raw]
    assert await running.chain.nonce(running.sender.address) == 1


@pytest.fixture
def told(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """This process is told what an API process is told."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    jobs.client.cache_clear()
    jobs.client()  # the first one takes longer than a commit waits
    yield environment
    jobs.client.cache_clear()


async def test_commit_wakes_a_worker_without_beat(
    running: Bench, processes: Processes, told: dict[str, str], tmp_path: Path
) -> None:
    start_worker(processes, told, tmp_path)
    intent_id = await running.enqueue("nudged")
    await wait_for_state(running, intent_id, tmp_path / "relayer.log", "sent", *CARRIED)


async def test_broker_that_is_down_costs_a_commit_nothing(
    running: Bench, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    started = time.monotonic()
    intents = [await running.enqueue(f"silent {number}") for number in range(5)]
    assert time.monotonic() - started < 2
    assert [(await running.intent(each)).state for each in intents] == ["queued"] * 5
