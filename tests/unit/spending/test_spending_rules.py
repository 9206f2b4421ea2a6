"""An account's own limits, and who decides when."""

from datetime import UTC, datetime, timedelta

import pytest

from app.errors import ApprovalNeeded, SpendRefused
from app.spending.rules import Limits, Payment, may_decide, may_spend, may_spend_without_asking

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
        (Limits(agents=["0xB"]), 0, "agents"),
        (Limits(agents=[]), 0, "agents"),
        (Limits(capabilities=["text"]), 0, "capabilities"),
    ],
)
def test_names_the_broken_limit(limits: Limits, spent: int, rule: str | None) -> None:
    if rule is None:
        may_spend(limits, PAYMENT, spent)
        return
    with pytest.raises(SpendRefused) as refused:
        may_spend(limits, PAYMENT, spent)
    assert refused.value.facts["rule"] == rule


def test_an_open_task_is_for_anybody_and_so_for_no_list() -> None:
    with pytest.raises(SpendRefused):
        may_spend(Limits(agents=["0xA"]), Payment(PAYMENT.task_id, 1, None, "text.sort"), 0)


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
