"""How far a long run is: rate and time left, as a line of the log or as a bar on a terminal."""

import logging
import sys
from dataclasses import dataclass
from datetime import timedelta

log = logging.getLogger(__name__)

BAR_WIDTH = 30


@dataclass
class Progress:
    """Of the blocks after `first` up to `last`; `began` and `now` are seconds of one clock."""

    what: str
    first: int
    last: int
    began: float
    logs: int = 0

    def reached(self, block: int, logs: int, now: float) -> None:
        """Says that everything up to `block` is stored, the newest of it `logs` logs."""
        self.logs += logs
        if sys.stderr.isatty():
            end = "\n" if block >= self.last else ""
            print(f"\r{self.bar(block, now)}\x1b[K", end=end, file=sys.stderr, flush=True)
        else:
            log.info("%s", self.line(block, logs, now))

    def line(self, block: int, logs: int, now: float) -> str:
        """For the log."""
        return (
            f"{self.what} block={block} logs={logs} head={self.last} done={self.percent(block)}% "
            f"logs_per_second={self.rate(now):.0f} left={self.left(block, now)}"
        )

    def bar(self, block: int, now: float) -> str:
        """For a terminal."""
        full = BAR_WIDTH * self.percent(block) // 100
        drawn = "#" * full + "." * (BAR_WIDTH - full)
        return (
            f"{self.what} [{drawn}] {self.percent(block)}% block {block:,} of {self.last:,}, "
            f"{self.rate(now):,.0f} logs/s, {self.left(block, now)} left"
        )

    def percent(self, block: int) -> int:
        """Rounded down: 100 means that nothing is left."""
        return 100 * (block - self.first) // max(1, self.last - self.first) if block < self.last else 100

    def rate(self, now: float) -> float:
        return self.logs / max(now - self.began, 1e-3)

    def left(self, block: int, now: float) -> str:
        """Hours, minutes and seconds, from the blocks so far; unknown before the first."""
        done = block - self.first
        if done <= 0:
            return "unknown"
        return str(timedelta(seconds=round((now - self.began) / done * max(0, self.last - block))))
