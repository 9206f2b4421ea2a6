"""The circuit breaker of an agent (Nygard, Release It!, 2007): it opens after failures in a row, or where too few calls
succeed, and closes by a single call that does."""

from dataclasses import dataclass, replace
from enum import StrEnum

IN_A_ROW = 5
WORST_RATE, RATED_AFTER = 0.5, 10
MEMORY = 0.1
"""What the newest call counts of the rate of success; the rest is what was before."""
FIRST_SECONDS, MOST_SECONDS = 1.0, 30.0
PROBE_SECONDS = 2.0
"""So long a probe may take before another may go."""
FORGIVEN_AFTER = 20
"""So many successes in a row make the next opening a first one."""


class Phase(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Permit(StrEnum):
    """Whether a call may go: as any other, as the one probe, or not."""

    YES = "yes"
    PROBE = "probe"
    NO = "no"


@dataclass(frozen=True)
class Breaker:
    """`openings` counts those that no run of successes made forgotten; `until` is when an open one may be probed."""

    phase: Phase = Phase.CLOSED
    failures: int = 0
    successes: int = 0
    rate: float = 1.0
    calls: int = 0
    openings: int = 0
    until: float = 0.0


def permit(breaker: Breaker, now: float) -> Permit:
    """What may be sent. A half-open breaker waits for its probe, and for no longer than it may take."""
    if breaker.phase is Phase.CLOSED:
        return Permit.YES
    return Permit.PROBE if now >= breaker.until else Permit.NO


def probing(breaker: Breaker, now: float) -> Breaker:
    """The breaker once its probe is on the way."""
    return replace(breaker, phase=Phase.HALF_OPEN, until=now + PROBE_SECONDS)


def after(breaker: Breaker, ok: bool, now: float) -> Breaker:
    """The breaker after the outcome of a call."""
    rate = (1 - MEMORY) * breaker.rate + MEMORY * ok
    seen = replace(
        breaker,
        rate=rate,
        calls=breaker.calls + 1,
        failures=0 if ok else breaker.failures + 1,
        successes=breaker.successes + 1 if ok else 0,
    )
    if breaker.phase is not Phase.CLOSED:
        return closed(seen) if ok else opened(seen, now)
    if ok:
        return replace(seen, openings=0) if seen.successes >= FORGIVEN_AFTER else seen
    is_bad = seen.calls >= RATED_AFTER and rate < WORST_RATE
    return opened(seen, now) if is_bad or seen.failures >= IN_A_ROW else seen


def opened(breaker: Breaker, now: float) -> Breaker:
    """Open for twice as long as the last time."""
    pause = min(MOST_SECONDS, FIRST_SECONDS * 2**breaker.openings)
    return replace(breaker, phase=Phase.OPEN, openings=min(breaker.openings + 1, 30), until=now + pause)


def closed(breaker: Breaker) -> Breaker:
    """Closed on trial: at the worst rate that is borne, so that the next failures open it at once."""
    return replace(breaker, phase=Phase.CLOSED, failures=0, rate=WORST_RATE)
