"""What an ended task says about its agent."""

from dataclasses import replace

import pytest

from app.escrow.rules import Refund, State
from app.reputation.scoring import Audit, EndedTask, Rating, evidence_of, jobs_of
from app.reputation.scoring.facts import RATING_SECONDS, said_by

NOW = 1_800_000_000
TASK = EndedTask("0x01", 7, "0xa", 5_000_000, State.RELEASED, None, 5_000_000, None, None, None, None, NOW - 100)


@pytest.mark.parametrize(
    ("stars", "said"),
    [
        (5, (Rating.GOOD, Audit.NONE)),
        (4, (Rating.GOOD, Audit.NONE)),
        (3, None),
        (2, (Rating.BAD, Audit.NONE)),
        (1, (Rating.BAD, Audit.NONE)),
    ],
)
def test_stars_are_good_or_bad_and_three_are_neither(stars: int, said: object) -> None:
    assert said_by(replace(TASK, stars=stars), NOW) == said


def test_who_may_still_rate_is_not_silent() -> None:
    assert said_by(TASK, NOW) is None
    assert said_by(TASK, TASK.ended_at + RATING_SECONDS) == (Rating.SILENT, Audit.NONE)


@pytest.mark.parametrize("reason", [Refund.CANCELLED_BY_AGENT, Refund.RECLAIMED])
def test_leaving_and_missing_the_deadline_are_failures(reason: Refund) -> None:
    gone = replace(TASK, state=State.REFUNDED, refund_reason=reason, paid=0)
    assert said_by(gone, NOW) == (Rating.BAD, Audit.FAILED)


@pytest.mark.parametrize("reason", [Refund.VETOED, Refund.CANCELLED_BY_BUYER, Refund.CANCELLED_TOGETHER])
def test_vetoes_and_partings_say_nothing(reason: Refund) -> None:
    assert said_by(replace(TASK, state=State.REFUNDED, refund_reason=reason, paid=0), NOW) is None


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, (Rating.BAD, Audit.FAILED)),
        (2_500, (Rating.BAD, Audit.FAILED)),
        (5_000, None),
        (7_500, (Rating.GOOD, Audit.PASSED)),
    ],
)
def test_clear_rulings_count_as_audits(share: int, said: object) -> None:
    assert said_by(replace(TASK, state=State.RULED, share_bps=share, by_default=False), NOW) == said


def test_a_ruling_by_default_says_nothing_of_the_work() -> None:
    assert said_by(replace(TASK, state=State.RULED, share_bps=0, by_default=True), NOW) is None


def test_a_settlement_at_nothing_is_bad() -> None:
    assert said_by(replace(TASK, state=State.SETTLED, paid=0), NOW) == (Rating.BAD, Audit.NONE)


def test_an_audit_counts_without_stars() -> None:
    assert said_by(replace(TASK, passed=False), NOW) == (Rating.SILENT, Audit.FAILED)
    assert said_by(replace(TASK, passed=True, stars=5), NOW) == (Rating.GOOD, Audit.PASSED)


def test_open_tasks_say_nothing() -> None:
    assert said_by(replace(TASK, state=State.DISPUTED, stars=5), NOW) is None


def test_jobs_become_columns_in_the_order_of_their_ends() -> None:
    late = replace(TASK, task_id="0x02", stars=5, ended_at=NOW)
    early = replace(TASK, task_id="0x03", stars=1, agent_id=9, rater="0xb", ended_at=NOW - 86_400)
    jobs = jobs_of([late, TASK, early], NOW)
    assert [job.task_id for job in jobs] == ["0x03", "0x02"]
    columns, agents = evidence_of(jobs)
    assert agents == [7, 9]
    assert columns.agents.tolist() == [1, 0]
    assert columns.raters.tolist() == [1, 0]
    assert columns.ratings.tolist() == [Rating.BAD, Rating.GOOD]
    assert columns.days[1] - columns.days[0] == pytest.approx(1.0)
