"""The rate's rule: what is allowed in any stretch of time, and that Redis and Python agree."""

from hypothesis import given
from hypothesis import strategies as st

from app.web.gcra import Rate, decide

START = 1_700_000_000_000_000
RATES = st.builds(Rate, st.floats(0.1, 1000), st.integers(1, 50))
STEPS = st.lists(st.integers(0, 3_000_000), max_size=200)


@given(RATES, STEPS)
def test_never_more_than_burst_plus_rate(rate: Rate, steps: list[int]) -> None:
    now, tat, allowed = START, None, []
    for step in steps:
        now += step
        verdict, tat = decide(rate, tat, now)
        if verdict.allowed:
            allowed.append(now)
    for first, begin in enumerate(allowed):
        for last in range(first, len(allowed)):
            earned = (allowed[last] - begin) / rate.interval_us
            assert last - first + 1 <= rate.burst + earned + 1e-6


@given(RATES, STEPS)
def test_who_waits_as_told_is_allowed(rate: Rate, steps: list[int]) -> None:
    now, tat = START, None
    for step in steps:
        now += step
        verdict, tat = decide(rate, tat, now)
        if not verdict.allowed:
            assert verdict.retry_us > 0
            assert not decide(rate, tat, now + verdict.retry_us - 1)[0].allowed
            assert decide(rate, tat, now + verdict.retry_us)[0].allowed


@given(RATES, STEPS)
def test_remaining_is_how_many_follow_at_once(rate: Rate, steps: list[int]) -> None:
    now, tat = START, None
    for step in steps:
        now += step
        verdict, tat = decide(rate, tat, now)
    if not steps:
        return
    followed, later = 0, tat
    while True:
        next_verdict, later = decide(rate, later, now)
        if not next_verdict.allowed:
            break
        followed += 1
    assert followed == verdict.remaining


def test_a_full_bucket_and_its_end() -> None:
    rate = Rate(per_second=2, burst=3)
    tat, seen = None, []
    for _ in range(4):
        verdict, tat = decide(rate, tat, START)
        seen.append((verdict.allowed, verdict.remaining, verdict.reset_us, verdict.retry_us))
    assert seen == [
        (True, 2, 500_000, 0),
        (True, 1, 1_000_000, 0),
        (True, 0, 1_500_000, 0),
        (False, 0, 1_500_000, 500_000),
    ]
