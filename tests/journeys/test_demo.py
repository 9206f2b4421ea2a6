"""The demo's command as a newcomer runs it, with fewer stories: exit codes, and nothing that stays behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devnet.processes import RUN_ID_VARIABLE, new_run_id, run_members

ROOT = Path(__file__).parents[2]
STORIES = ("surplus", "hire", "dispute", "blacklisted", "undelivered", "reorged")
LIMIT_SECONDS = 240


def demo_command(data_dir: Path, *stories: str) -> list[str]:
    flags = [flag for story in stories for flag in ("--story", story)]
    return [sys.executable, "-m", "demo", "--data-dir", str(data_dir), *flags]


@pytest.fixture
def marked_env(run_env: dict[str, str]) -> dict[str, str]:
    return {**run_env, RUN_ID_VARIABLE: new_run_id()}


def test_stories_are_told_and_the_books_balance(tmp_path: Path, marked_env: dict[str, str]) -> None:
    command = demo_command(tmp_path, *STORIES)
    done = subprocess.run(
        command, cwd=ROOT, env=marked_env, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the books balance" in done.stdout
    assert run_members(marked_env[RUN_ID_VARIABLE]) == []


def test_interrupt_leaves_nothing_running(tmp_path: Path, marked_env: dict[str, str]) -> None:
    log = tmp_path / "output"
    with log.open("wb") as output:
        running = subprocess.Popen(
            demo_command(tmp_path / "data", "hire"), cwd=ROOT, env=marked_env, stdout=output, stderr=output
        )
        wait_for("participants", lambda: "agents register" in log.read_text() or "registered" in log.read_text())
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130, log.read_text()
    wait_for("everything is gone", lambda: run_members(marked_env[RUN_ID_VARIABLE]) == [])


def wait_for(what: str, holds: Callable[[], bool]) -> None:
    stop_at = time.monotonic() + LIMIT_SECONDS / 2
    while not holds():
        assert time.monotonic() < stop_at, what
        time.sleep(0.1)
