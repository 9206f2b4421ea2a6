"""Named child processes with a readiness probe, of which nothing stays when their owner ends or is killed."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

GUARD = Path(__file__).with_name("guard.py")
RUN_ID_VARIABLE = "GUILDHALL_RUN_ID"

Identity = Literal["same", "namespace", "nobody"]


class ProcessFailed(Exception):
    """A child process ended, or was not ready in time; `log_tail` holds its last lines."""

    def __init__(self, name: str, reason: str, log: Path | None) -> None:
        self.name, self.reason, self.log = name, reason, log
        self.log_tail = "" if log is None else tail(log)
        super().__init__(f"{name} {reason}" if log is None else f"{name} {reason}; its log is {log}\n{self.log_tail}")


@dataclass(frozen=True)
class Command:
    """What to run. `env` is the whole environment, `ready` answers without blocking for long.

    Without a log the output goes where the owner's goes.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path | None
    ready: Callable[[], bool] = lambda: True
    ready_seconds: float = 20
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 5
    identity: Identity = "same"
    cwd: Path | None = None


@dataclass
class Service:
    """A running command that can be killed and started again with the same arguments, port and data."""

    command: Command
    pid: int = 0
    _guard: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.command.name

    def start(self) -> None:
        """Spawns and waits until ready. Raises ProcessFailed."""
        self.spawn()
        self.wait_ready()

    def spawn(self) -> None:
        if self.running():
            raise ProcessFailed(self.name, "is already running", self.command.log)
        self._let_go()
        reader, writer = os.pipe()
        with opened(self.command.log) as log:
            self._guard = subprocess.Popen(
                guard_argv(self.command, writer),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(self.command.env),
                cwd=self.command.cwd,
                pass_fds=(writer,),
                start_new_session=True,
            )
        os.close(writer)
        with os.fdopen(reader, "rb") as report:
            line = report.readline()
        if not line:
            self._collect(5)
            raise ProcessFailed(self.name, "could not be started", self.command.log)
        self.pid = int(line)

    def wait_ready(self, needed: Sequence[Self] = ()) -> None:
        """Raises ProcessFailed, also where one of the `needed` ended meanwhile: what waits for it waits in vain."""
        deadline = time.monotonic() + self.command.ready_seconds
        while not self.command.ready():
            for service in (self, *needed):
                service.require_running()
            if time.monotonic() > deadline:
                self.stop()
                raise ProcessFailed(self.name, f"was not ready in {self.command.ready_seconds:g} s", self.command.log)
            time.sleep(0.02)

    def require_running(self) -> None:
        if not self.running():
            self._let_go()
            raise ProcessFailed(self.name, f"ended with exit code {self.exit_code()}", self.command.log)

    def running(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    def exit_code(self) -> int | None:
        """The command's exit code, 128 + signal number if a signal ended it, None while it runs."""
        return None if self._guard is None else self._guard.poll()

    def wait(self, timeout_seconds: float | None = None) -> int:
        """Waits for the command to end by itself; its exit code. Raises subprocess.TimeoutExpired."""
        if self._guard is None:
            raise ProcessFailed(self.name, "was never started", self.command.log)
        code = self._guard.wait(timeout_seconds)
        self._let_go()
        return code

    def kill(self) -> None:
        """SIGKILL to the command and everything beneath it; returns when they are gone."""
        self._end(signal.SIGUSR1, 10)

    def stop(self) -> None:
        """The stop signal, then SIGKILL after the grace period; returns when everything is gone."""
        self._end(signal.SIGTERM, self.command.grace_seconds)

    def restart(self) -> None:
        self.stop()
        self.start()

    def _end(self, number: int, patience_seconds: float) -> None:
        if self._guard is None:
            return
        if self.running():
            self._guard.send_signal(number)
        self._collect(patience_seconds)

    def _collect(self, patience_seconds: float) -> None:
        if self._guard is None:
            return
        try:
            self._guard.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self._guard.send_signal(signal.SIGUSR1)
            self._guard.wait(10)
        self._let_go()

    def _let_go(self) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()


class Processes:
    """A group of services that end together: `with Processes() as group: group.start(...)`."""

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __getitem__(self, name: str) -> Service:
        return self.services[name]

    def add(self, service: Service) -> Service:
        self.services[service.name] = service
        return service

    def start(self, *commands: Command) -> list[Service]:
        """Spawns all at once, then waits until every one is ready. Raises ProcessFailed of the first that is not."""
        started = [self.add(Service(command)) for command in commands]
        for service in started:
            service.spawn()
        for service in started:
            service.wait_ready(started)
        return started

    def failed(self) -> list[Service]:
        """The services that ended although nobody stopped them."""
        return [service for service in self.services.values() if service.exit_code() is not None]

    def stop(self) -> None:
        """Stops all, those started last first (they use the earlier ones), in waves of equal rank at once."""
        services = list(reversed(self.services.values()))
        if services:
            with ThreadPoolExecutor(len(services)) as pool:
                list(pool.map(Service.stop, services))
        self.services.clear()


@contextmanager
def opened(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        yield file


def guard_argv(command: Command, report_fd: int) -> list[str]:
    options = [f"--report-fd={report_fd}", f"--stop-signal={int(command.stop_signal)}"]
    options += [f"--grace-seconds={command.grace_seconds}", f"--identity={command.identity}"]
    return [sys.executable, "-I", "-S", str(GUARD), *options, "--", *command.argv]


def new_run_id() -> str:
    return secrets.token_hex(8)


def clean_environment(env: Mapping[str, str], run_id: str) -> dict[str, str]:
    """The owner's environment without what would redirect Python or libpq, and with the mark of this run."""
    kept = {name: value for name, value in env.items() if name not in FOREIGN and not name.startswith("PG")}
    return kept | {RUN_ID_VARIABLE: run_id, "PYTHONUNBUFFERED": "1"}


FOREIGN = frozenset({"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "LD_PRELOAD"})


def run_members(run_id: str) -> list[int]:
    """The living processes that carry this run's mark in environment or title; zombies do not count."""
    entries = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(entry.name) for entry in entries if carries(entry, run_id.encode())]


def carries(entry: Path, run_id: bytes) -> bool:
    try:
        environ = (entry / "environ").read_bytes().split(b"\0")
        title = (entry / "cmdline").read_bytes()
        state = (entry / "stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False  # gone, or another user's: not of this run
    return state != b"Z" and (RUN_ID_VARIABLE.encode() + b"=" + run_id in environ or run_id in title)


def tail(log: Path, lines: int = 15) -> str:
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
