"""The relayer's worker and beat as processes of their own."""

import asyncio
import sys
import time
from pathlib import Path
from uuid import UUID

from devnet.binaries import ROOT
from devnet.processes import Command, Processes, Service, tail
from tests.integration.relayer.bench import Bench

PATIENCE_SECONDS = 40.0
CELERY = (sys.executable, "-m", "celery", "-A", "app.worker")
WORKER = (*CELERY, "worker", "--pool", "solo", "--without-gossip", "--without-mingle", "-l", "INFO", "-Q", "relayer")


def worker_environment(
    database_url: str, redis_url: str, rpc_url: str, deployment_file: Path, folder: Path
) -> dict[str, str]:
    """What a worker is told; its key is `folder`/relayer.key."""
    return {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "RPC_URLS": rpc_url,
        "DEPLOYMENT_FILE": str(deployment_file),
        "CONTENT_DIR": str(folder),
        "PUBLIC_URL": "http://127.0.0.1:1",
        "RELAYER_KEY_FILE": str(folder / "relayer.key"),
        "FAULT_DIR": str(folder),
        "GAS_START_WEI": str(10**18),
    }


def start_worker(processes: Processes, environment: dict[str, str], folder: Path, **changed: str) -> Service:
    """Ready when it returns; its log is `folder`/relayer.log."""
    log = folder / "relayer.log"
    worker = Command(
        name="relayer",
        argv=[*WORKER, "-n", "relayer@%h"],
        env=environment | changed,
        log=log,
        ready=lambda: " ready." in tail(log),
        ready_seconds=PATIENCE_SECONDS,
        cwd=ROOT,
    )
    return processes.start(worker)[0]


def start_beat(processes: Processes, environment: dict[str, str], folder: Path) -> None:
    argv = [*CELERY, "beat", "-s", str(folder / "beat")]
    processes.start(Command("beat", argv, environment, folder / "beat.log", cwd=ROOT))


async def wait_for_state(bench: Bench, intent_id: UUID, log: Path, *states: str) -> None:
    """Returns when the intent is in one of `states`; fails with the log's end when that takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (await bench.intent(intent_id)).state not in states:
        assert time.monotonic() < deadline, tail(log)
        await asyncio.sleep(0.05)
