"""Peak EWMA: a mean of latencies that jumps up at once and comes down slowly (Finagle's load metric of that name)."""

import math
from dataclasses import dataclass

DECAY_SECONDS = 10.0
FIRST_MS = 50.0
"""What an agent is taken to need before its first answer."""


@dataclass(frozen=True)
class Latency:
    """The mean in milliseconds, and when it was last moved."""

    ms: float = FIRST_MS
    at: float | None = None


def observed(latency: Latency, ms: float, now: float) -> Latency:
    """The mean after an answer that took so long."""
    if latency.at is None or ms > latency.ms:
        return Latency(ms, now)
    stays = math.exp(-max(0.0, now - latency.at) / DECAY_SECONDS)
    # Answers at one moment move it too, by as much as one of many.
    stays = min(stays, 0.95)
    return Latency(latency.ms * stays + ms * (1 - stays), now)


def seen_at(latency: Latency, now: float) -> float:
    """The mean as one looks at it later: what was not tried for long is tried again some time."""
    if latency.at is None:
        return latency.ms
    stays = math.exp(-max(0.0, now - latency.at) / (3 * DECAY_SECONDS))
    return FIRST_MS + (latency.ms - FIRST_MS) * stays if latency.ms > FIRST_MS else latency.ms
