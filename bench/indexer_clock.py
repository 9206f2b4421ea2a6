"""Time as three clocks see it: the wall, this process's processor, and that of the database's process behind it."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


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


def peak_mb() -> float:
    """The most memory this process ever held. getrusage would answer for the process that started it, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
