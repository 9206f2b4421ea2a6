"""How much is too much: the generic cell rate algorithm (ITU-T I.371, annex A), a leaky bucket that stores one number.

That number is the theoretical arrival time, TAT: when the bucket will be empty again. The rule stands here twice, in
Python and for Redis, where one script makes reading and writing one step; tests hold them equal.
"""

from dataclasses import dataclass

MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Rate:
    """`per_second` in the long run, and up to `burst` at once."""

    per_second: float
    burst: int

    @property
    def interval_us(self) -> int:
        """What one request costs, in microseconds of the bucket."""
        return max(1, round(MICROSECONDS / self.per_second))

    @property
    def window_us(self) -> int:
        """How long a full bucket takes to empty."""
        return self.interval_us * self.burst


@dataclass(frozen=True)
class Verdict:
    """`remaining` requests may follow at once; the bucket is empty after `reset_us`; refused ones wait `retry_us`."""

    allowed: bool
    remaining: int
    reset_us: int
    retry_us: int


def decide(rate: Rate, tat_us: int | None, now_us: int) -> tuple[Verdict, int]:
    """The verdict on one request at `now_us`, and the TAT to store. A refused request costs nothing."""
    begun = max(now_us, tat_us or 0)
    wait = begun + rate.interval_us - rate.window_us - now_us
    if wait > 0:
        return Verdict(False, 0, begun - now_us, wait), begun
    ends = begun + rate.interval_us
    return Verdict(True, (rate.window_us - (ends - now_us)) // rate.interval_us, ends - now_us, 0), ends


SCRIPT = """
local interval, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local begun = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local wait = begun + interval - window - now
if wait > 0 then
    return {0, 0, begun - now, wait}
end
local ends = begun + interval
redis.call('SET', KEYS[1], string.format('%.0f', ends), 'PX', math.ceil((ends - now) / 1000))
return {1, math.floor((window - (ends - now)) / interval), ends - now, 0}
"""
"""The same by Redis's own clock: KEYS the bucket, ARGV interval and window. A bucket that emptied is forgotten."""
