"""However the owner of a run ends, no process of the run is left."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devnet.processes import Command, Processes, ProcessFailed, Service, clean_environment, new_run_id, run_members
from tests.conftest import ROOT

OWNER_OF_A_NETWORK = """
import sys, signal, pathlib
from devnet import network
with network.start(pathlib.Path(sys.argv[1])):
    print("ready", flush=True)
    signal.pause()
"""
OWNER_OF_A_DOUBLE_FORK = """
import os, signal
from devnet.processes import RUN_ID_VARIABLE, Command, Processes
with Processes() as processes:
    script = "(setsid sh -c 'sleep 600 & sleep 600' &) ; sleep 600"
    processes.start(Command("forks", ["sh", "-c", script], dict(os.environ), None))
    print("ready", flush=True)
    signal.pause()
"""


def wait_until(holds: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"did not hold within {seconds} s"
        time.sleep(0.02)


class Owner:
    """A process that owns a run; its members are found by the run's mark."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.run_id = new_run_id()
        env = clean_environment(os.environ, self.run_id)
        argv = [sys.executable, "-c", code, *arguments]
        self.process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def members(self) -> list[int]:
        return run_members(self.run_id)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def owner_of(tmp_path: Path) -> Iterator[Callable[..., Owner]]:
    owners: list[Owner] = []

    def make(code: str) -> Owner:
        owners.append(Owner(code, str(tmp_path)))
        return owners[-1]

    yield make
    for owner in owners:
        owner.close()


def test_kill_9_of_the_owner_leaves_nothing(owner_of: Callable[..., Owner]) -> None:
    owner = owner_of(OWNER_OF_A_NETWORK)
    assert len(owner.members()) > 8  # the owner, three guards, three services and what PostgreSQL forks
    owner.process.kill()
    wait_until(lambda: owner.members() == [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_owner_leaves_nothing(owner_of: Callable[..., Owner], number: signal.Signals) -> None:
    owner = owner_of(OWNER_OF_A_NETWORK)
    owner.process.send_signal(number)
    owner.process.wait(15)
    wait_until(lambda: owner.members() == [])


def test_kill_9_of_the_owner_reaches_double_forks_in_sessions_of_their_own(owner_of: Callable[..., Owner]) -> None:
    owner = owner_of(OWNER_OF_A_DOUBLE_FORK)
    wait_until(lambda: len(owner.members()) >= 6)
    owner.process.kill()
    wait_until(lambda: owner.members() == [])


def test_kill_9_of_a_guard_ends_its_command(tmp_path: Path) -> None:
    run_id = new_run_id()
    for _ in range(30):  # killed at once, so that some guards die before their command asks to be told of it
        service = Service(sleeper(tmp_path, run_id))
        service.start()
        os.kill(parent_of(service.pid), signal.SIGKILL)
        wait_until(lambda: run_members(run_id) == [])
        service.stop()


def test_a_service_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    service = Service(sleeper(tmp_path, new_run_id()))
    thread = threading.Thread(target=service.start)
    thread.start()
    thread.join()
    with pytest.raises(subprocess.TimeoutExpired):
        service.wait(0.5)
    service.stop()
    assert service.exit_code() == 128 + signal.SIGTERM


def test_a_command_that_ignores_its_stop_signal_is_killed(tmp_path: Path) -> None:
    argv = ["sh", "-c", "trap '' TERM; echo armed; while :; do sleep 0.05; done"]
    log = tmp_path / "stubborn.log"
    ready = lambda: "armed" in log.read_text()  # noqa: E731 - one expression, used once
    service = Service(Command("stubborn", argv, dict(os.environ), log, ready, grace_seconds=0.3))
    service.start()
    service.stop()
    assert service.exit_code() == 128 + signal.SIGKILL


def test_one_that_ends_during_the_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    failing = Command("failing", ["sh", "-c", "echo because; exit 3"], dict(os.environ), tmp_path / "log")
    waiting = Command("waiting", ["sleep", "600"], dict(os.environ), tmp_path / "other.log", lambda: False)
    with Processes() as group, pytest.raises(ProcessFailed, match=r"failing ended with exit code 3(.|\n)*because"):
        group.start(waiting, failing)


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    service = Service(Command("absent", ["/no/such/program"], dict(os.environ), tmp_path / "log", lambda: False))
    with pytest.raises(ProcessFailed, match="cannot run /no/such/program"):
        service.start()


def sleeper(folder: Path, run_id: str) -> Command:
    sleep = shutil.which("sleep") or "sleep"
    return Command("sleeper", [sleep, "600"], clean_environment(os.environ, run_id), folder / "log")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
