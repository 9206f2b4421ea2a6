"""Helpers compute what they are asked for, one lane beside another, and end with the process that forked them.

Each test forks in a process of its own: one with threads, like a test runner, must not.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PREAMBLE = """
import asyncio, os, signal, sys, time
from indexer import lanes
from indexer.errors import HelperLost, TornRange
from indexer.work import compute
from helped import kept, nap, pid_and, torn
"""
PATH = os.pathsep.join(map(str, (ROOT, Path(__file__).parent)))
LIMIT_SECONDS = 30


def ran(script: str) -> str:
    """What a process prints that does this."""
    argv = [sys.executable, "-c", PREAMBLE + script]
    done = subprocess.run(
        argv, env={"PYTHONPATH": PATH}, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_lane_has_a_process_and_a_memory_of_its_own() -> None:
    said = ran("""
pids = lanes.fork()
async def main():
    large = bytes(3_000_000)
    there = [await compute(lane, pid_and, large) for lane in (0, 1)]
    assert [pid for pid, _ in there] == pids and os.getpid() not in pids
    assert all(value == large for _, value in there)
    print([await compute(lane, kept, value) for lane, value in ((0, 1), (1, 2), (0, 3))])
asyncio.run(main())
""")
    assert said == "[[1], [2], [1, 3]]\n"


def test_without_helpers_the_same_happens_here() -> None:
    said = ran("""
async def main():
    pid, value = await compute(1, pid_and, b"x")
    print(pid == os.getpid(), value, await compute(0, kept, 1), await compute(1, kept, 2))
asyncio.run(main())
""")
    assert said == "True b'x' [1, 2] [1, 2]\n"


def test_an_error_comes_back_as_it_was() -> None:
    said = ran("""
lanes.fork()
async def main():
    try:
        await compute(0, torn, 7)
    except TornRange as error:
        print(error.first, error.last, error, "in torn" in error.__notes__[0])
    print(await compute(0, kept, 1))
asyncio.run(main())
""")
    assert said == "7 8 blocks=7..8 on purpose True\n[1]\n"


def test_lanes_compute_at_the_same_time() -> None:
    said = ran("""
lanes.fork()
async def main():
    began = time.monotonic()
    ends = await asyncio.gather(compute(0, nap, 0.8), compute(1, nap, 0.8))
    print(max(ends) - began < 1.6)
asyncio.run(main())
""")
    assert said == "True\n"


def test_one_that_is_killed_is_told_of_once_and_then_done_without() -> None:
    said = ran("""
pids = lanes.fork()
async def main():
    asked = asyncio.create_task(compute(0, nap, 20.0))
    await asyncio.sleep(0.2)
    os.kill(pids[0], signal.SIGKILL)
    try:
        await asked
    except HelperLost as lost:
        print(lost)
    print((await compute(0, pid_and, b""))[0] == os.getpid(), (await compute(1, pid_and, b""))[0] == pids[1])
asyncio.run(main())
""")
    assert said == "the process that computes ended\nTrue True\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_none_outlives_the_process_that_forked_it(number: int) -> None:
    argv = [sys.executable, "-c", PREAMBLE + "print(*lanes.fork(), flush=True)\ntime.sleep(60)"]
    with subprocess.Popen(argv, env={"PYTHONPATH": PATH}, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        for pid in pids:
            os.kill(pid, signal.SIGTERM)  # what a group gets is for the parent to act upon
        time.sleep(0.1)
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        parent.send_signal(number)
        parent.wait(LIMIT_SECONDS)
    deadline = time.monotonic() + LIMIT_SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
