"""An account's own limits, and who decides when."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.errors import ApprovalNeeded, SpendRefused
from app.spending.rules import (
    Alert,
    Forecast,
    Limits,
    Payment,
    Spent,
    alerts,
    forecast,
    may_decide,
    may_spend,
    may_spend_without_asking,
)

PAYMENT = Payment("0x" + "11" * 32, 100, "0xA", "text.sort")
NOW = datetime(2026, 11, 26, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("limits", "spent", "rule"),
    [
        (Limits(), 10**18, None),
        (Limits(per_task=100, per_day=100, agents=["0xA"], capabilities=["text.sort"]), 0, None),
        (Limits(per_task=99), 0, "per_task"),
        (Limits(per_day=100), 1, "per_day"),
        (Limits(per_day=99), 0, "per_day"),
        (Limits(per_month=100), 1, "per_month"),
        (Limits(per_month=100), 0, None),
        (Limits(agents=["0xB"]), 0, "agents"),
        (Limits(agents=[]), 0, "agents"),
        (Limits(capabilities=["text"]), 0, "capabilities"),
    ],
)
def test_names_the_broken_limit(limits: Limits, spent: int, rule: str | None) -> None:
    if rule is None:
        may_spend(limits, PAYMENT, Spent(spent, spent))
        return
    with pytest.raises(SpendRefused) as refused:
        may_spend(limits, PAYMENT, Spent(spent, spent))
    assert refused.value.facts["rule"] == rule


def test_an_open_task_is_for_anybody_and_so_for_no_list() -> None:
    with pytest.raises(SpendRefused):
        may_spend(Limits(agents=["0xA"]), Payment(PAYMENT.task_id, 1, None, "text.sort"), Spent(0, 0))


@pytest.mark.parametrize(
    ("above", "approved", "asks"),
    [(None, None, False), (100, None, False), (99, None, True), (99, 100, False), (0, 99, True)],
)
def test_asks_above_the_threshold(above: int | None, approved: int | None, *, asks: bool) -> None:
    limits = Limits(approve_above=above)
    if asks:
        with pytest.raises(ApprovalNeeded):
            may_spend_without_asking(limits, PAYMENT, approved, revoked=False)
    else:
        may_spend_without_asking(limits, PAYMENT, approved, revoked=False)


def test_what_was_taken_back_is_refused_at_any_amount() -> None:
    with pytest.raises(SpendRefused) as refused:
        may_spend_without_asking(Limits(), PAYMENT, None, revoked=True)
    assert refused.value.facts["rule"] == "revoked"


@pytest.mark.parametrize(
    ("rank", "until", "escalates_at", "may"),
    [
        (1, None, LATER, True),
        (2, None, LATER, False),
        (2, None, NOW, True),
        (2, None, BEFORE, True),
        (1, LATER, LATER, True),
        (1, NOW, LATER, False),
        (2, BEFORE, BEFORE, False),
    ],
)
def test_who_decides_when(rank: int, until: datetime | None, escalates_at: datetime, *, may: bool) -> None:
    assert may_decide(rank, until, escalates_at, NOW) is may


@pytest.mark.parametrize(
    ("before", "after", "windows"),
    [
        (Spent(0, 0), Spent(79, 79), []),
        (Spent(79, 79), Spent(80, 80), ["day"]),
        (Spent(80, 80), Spent(90, 90), []),
        (Spent(0, 700), Spent(100, 800), ["day", "month"]),
        (Spent(0, 799), Spent(1, 800), ["month"]),
    ],
)
def test_each_budget_is_told_of_once(before: Spent, after: Spent, windows: list[str]) -> None:
    found = alerts(Limits(per_day=100, per_month=1_000), before, after, 8_000)
    assert [each.window for each in found] == windows
    assert alerts(Limits(), before, after, 8_000) == []


def test_an_alert_says_how_much_of_what() -> None:
    assert alerts(Limits(per_day=100), Spent(0, 0), Spent(90, 90), 8_000) == [Alert("day", 90, 100)]


@pytest.mark.parametrize(
    ("mean", "per_month", "month", "exceeds_on"),
    [
        (10, None, 540, None),
        (10, 540, 540, None),
        (10, 539, 540, date(2026, 11, 30)),
        (10, 505, 540, date(2026, 11, 27)),
        (0, 499, 500, date(2026, 11, 26)),
        (0, 500, 500, None),
    ],
)
def test_a_month_at_the_pace_of_the_last_weeks(
    mean: int, per_month: int | None, month: int, exceeds_on: date | None
) -> None:
    assert forecast(Spent(30, 500), mean, date(2026, 11, 26), per_month) == Forecast(month, exceeds_on)
