"""Crash points: they fire once, exactly where named, and leave their marker."""

import os
import signal
import subprocess
import sys
from pathlib import Path

REACH_TWICE = (
    "from app import faults; faults.reach('other'); faults.reach('here'); faults.reach('here'); print('alive')"
)


def run(fault_at: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "FAULT_AT": fault_at, "FAULT_DIR": str(folder)}
    return subprocess.run([sys.executable, "-c", REACH_TWICE], env=env, capture_output=True, text=True, timeout=30)


def test_kills_the_process_at_the_named_point(tmp_path: Path) -> None:
    assert run("here", tmp_path).returncode == -signal.SIGKILL
    assert (tmp_path / "here").exists()


def test_fires_no_more_once_its_marker_stands(tmp_path: Path) -> None:
    run("here", tmp_path)
    assert run("here", tmp_path).stdout == "alive\n"


def test_passes_points_of_other_names(tmp_path: Path) -> None:
    assert run("elsewhere", tmp_path).stdout == "alive\n"
    assert not list(tmp_path.iterdir())


def test_hangs_until_told_to_resume(tmp_path: Path) -> None:
    (tmp_path / "here.resume").touch()
    assert run("here:hang", tmp_path).stdout == "alive\n"
    assert (tmp_path / "here").exists()
