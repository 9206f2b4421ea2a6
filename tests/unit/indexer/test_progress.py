"""Rate and time left are those of the run so far."""

from indexer.progress import Progress


def test_tells_rate_and_time_left() -> None:
    progress = Progress("backfill", 1_000, 5_000, began=10.0, logs=6_000)
    said = progress.line(2_000, 500, now=40.0)
    assert said == "backfill block=2000 logs=500 head=5000 done=25% logs_per_second=200 left=0:01:30"


def test_draws_a_bar_as_long_as_what_is_done() -> None:
    progress = Progress("refold", 0, 1_000, began=0.0, logs=100)
    assert progress.bar(500, now=1.0).startswith(f"refold [{'#' * 15}{'.' * 15}] 50% block 500 of 1,000")


def test_says_100_percent_only_at_the_end() -> None:
    progress = Progress("backfill", 0, 1_000, began=0.0)
    assert progress.percent(999) == 99
    assert progress.percent(1_000) == 100


def test_begins_without_knowing_the_time_left() -> None:
    assert Progress("backfill", 7, 100, began=0.0).left(7, now=5.0) == "unknown"


def test_a_range_of_nothing_is_done() -> None:
    progress = Progress("backfill", 7, 7, began=0.0)
    assert progress.line(7, 0, now=0.0) == "backfill block=7 logs=0 head=7 done=100% logs_per_second=0 left=unknown"
