"""Time as three clocks see it: the wall, this process's processor, and that of the database's process behind it."""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

LOOK_SECONDS = 0.15


@dataclass
class Clock:
    """Starts when it is made."""

    backend_pid: int
    helpers: Sequence[int] = ()
    wall: float = field(default_factory=time.monotonic)
    cpu: float = field(init=False)
    database: float = field(init=False)

    def __post_init__(self) -> None:
        self.database, self.cpu = processor_seconds(self.backend_pid), self.here()

    def here(self) -> float:
        """The helpers' time is this process's, too."""
        return time.process_time() + sum(map(processor_seconds, self.helpers))

    def since(self) -> dict[str, float]:
        return {
            "seconds": time.monotonic() - self.wall,
            "cpu": self.here() - self.cpu,
            "database": processor_seconds(self.backend_pid) - self.database,
        }


def processor_seconds(pid: int) -> float:
    """User and system time of a process; the name in the file may hold spaces, so what follows it is counted."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Memory:
    """The most that some processes held together, what they share counted once; looked at a few times a second."""

    def __init__(self, pids: Sequence[int]) -> None:
        self.peak_mb = 0.0
        self._pids, self._ended = pids, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.peak_mb = max(self.peak_mb, sum(map(proportional_mb, self._pids)))


def proportional_mb(pid: int) -> float:
    """A page that several processes map counts for each by its share (smaps_rollup, Pss)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
