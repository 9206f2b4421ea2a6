"""What a node is worth: how fast it answers, how often it fails, how far behind it is."""

import time
from dataclasses import dataclass, field

SHARE = 0.2
"""Of a new sample in what is remembered."""
LAG_SECONDS = 1.0
"""What one block behind the best node is held to cost."""
MIN_PATIENCE_SECONDS = 0.05
MAX_REST_SECONDS = 60.0


@dataclass
class Pace:
    """Mean and deviation of how long something takes, and by them when it is late (as RFC 6298 has it for TCP)."""

    mean: float = 0.0
    deviation: float = 0.0
    seen: bool = False

    def took(self, seconds: float) -> None:
        if not self.seen:
            self.mean, self.deviation, self.seen = seconds, seconds / 2, True
            return
        self.deviation += (abs(seconds - self.mean) - self.deviation) / 4
        self.mean += (seconds - self.mean) / 8

    @property
    def patience(self) -> float | None:
        """Seconds after which an answer is late; None before anything was seen."""
        return max(MIN_PATIENCE_SECONDS, self.mean + 4 * self.deviation) if self.seen else None


@dataclass
class Score:
    """One node's."""

    tips: Pace = field(default_factory=Pace)
    ranges: Pace = field(default_factory=Pace)
    failing: float = 0.0
    """The share of requests that failed of late, within 0..1."""
    head: int = 0
    rests_until: float = 0.0

    def served(self) -> None:
        self.failing -= SHARE * self.failing

    def failed(self, weight: float = 1.0) -> None:
        self.failing += SHARE * (weight - self.failing)

    def rest(self, seconds: float) -> None:
        """The node asked to be left alone for so long; it is, for a minute at most."""
        self.rests_until = max(self.rests_until, time.monotonic() + min(seconds, MAX_REST_SECONDS))

    @property
    def rests(self) -> float:
        """Seconds left."""
        return max(0.0, self.rests_until - time.monotonic())

    def cost(self, best_head: int, timeout_seconds: float, assumed: float = 0.0) -> float:
        """Seconds that an answer is expected to cost: its time (`assumed` before it is known), a time-out where it
        fails, and what it lags."""
        lag = max(0, best_head - self.head) if self.head else 0
        return (self.tips.mean if self.tips.seen else assumed) + self.failing * timeout_seconds + lag * LAG_SECONDS
