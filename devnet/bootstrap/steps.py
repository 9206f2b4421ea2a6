"""Runs a step of the set-up, says what takes longer than a second, and keeps the step's output in a file."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from devnet.processes import Command, ProcessFailed, Service, tail

STEP_SECONDS = 900
LINE_EVERY_SECONDS = 5


class StepFailed(Exception):
    """A step of the set-up failed; the message is for the person at the terminal."""


def run_step(title: str, argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path, logs: Path) -> None:
    """Runs to its end, at most STEP_SECONDS. Raises StepFailed with the last lines of the output."""
    log = logs / f"{re.sub('[^a-z0-9]+', '-', title.lower())}.log"
    logs.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    service = Service(Command(title, [str(part) for part in argv], env, log, cwd=cwd))
    try:
        service.spawn()
        code = wait_aloud(service, title)
    except ProcessFailed as error:
        raise StepFailed(without_credentials(str(error))) from error
    finally:
        service.stop()
    if code != 0:
        raise StepFailed(f"{title} failed (exit code {code}); the whole output is in {log}:\n{shown_tail(log)}")


def wait_aloud(service: Service, title: str) -> int:
    """Nothing for the first second; then a line that is rewritten on a terminal, repeated elsewhere."""
    started = time.monotonic()
    next_line = 1.0
    while True:
        try:
            code = service.wait(0.1)
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
            if elapsed > STEP_SECONDS:
                raise StepFailed(f"{title} did not end within {STEP_SECONDS} s") from None
            if elapsed >= next_line:
                show(f"{title} … {elapsed:.0f} s")
                next_line = elapsed + (0.2 if sys.stderr.isatty() else LINE_EVERY_SECONDS)
        else:
            if time.monotonic() - started >= 1:
                show(f"{title} … {'done' if code == 0 else 'failed'} in {time.monotonic() - started:.1f} s", last=True)
            return code


def show(line: str, *, last: bool = False) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}" + ("\n" if last else ""))
    else:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def shown_tail(log: Path) -> str:
    return without_credentials(tail(log))


def without_credentials(text: str) -> str:
    """Addresses of package indexes may carry a password: none of them is shown."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX"):
        for address in os.environ.get(name, "").split():
            text = text.replace(address, "<index>")
    return re.sub(r"(https?://)[^\s/@`'\"]+@", r"\1***@", text)
