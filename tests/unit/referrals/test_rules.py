"""Who may name a referrer, and that nobody gets more of a fee than was promised, or anything of his own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import (
    AccountNotNew,
    AlreadyReferred,
    GuildhallError,
    ReferralInCircle,
    ReferralsNotOffered,
    ReferrerLinked,
)
from app.referrals.rules import Finished, Newcomer, Offered, Share, accrual, may_name

BEGUN = datetime(2026, 11, 27, tzinfo=UTC)
OFFERED = Offered(share_bps=2_000, cap=500, days=365, name_days=7)
NEW = Newcomer("ann", BEGUN, has_tasks=False, referrer=None)
SHARE = Share("ann", "rob", 2_000, 500, from_block=100, until=2_000)
TASK = Finished("0x1", 1_000, 101, 2_000, "ann", frozenset({"sam"}))


def test_a_new_account_names_somebody_else() -> None:
    assert may_name(NEW, "rob", "zoe", OFFERED, BEGUN + timedelta(days=7))


def test_the_same_name_again_changes_nothing_whatever_the_time() -> None:
    named = replace(NEW, referrer="rob", has_tasks=True)
    assert not may_name(named, "rob", None, replace(OFFERED, share_bps=0), BEGUN + timedelta(days=70))


@pytest.mark.parametrize(
    ("changed", "referrer", "theirs", "share_bps", "days", "refused"),
    [
        ({}, "rob", None, 0, 0, ReferralsNotOffered),
        ({"referrer": "zoe"}, "rob", None, 2_000, 0, AlreadyReferred),
        ({}, "ann", None, 2_000, 0, ReferrerLinked),
        ({}, "rob", "ann", 2_000, 0, ReferralInCircle),
        ({"has_tasks": True}, "rob", None, 2_000, 0, AccountNotNew),
        ({}, "rob", None, 2_000, 8, AccountNotNew),
    ],
)
def test_refuses(
    changed: dict[str, object],
    referrer: str,
    theirs: str | None,
    share_bps: int,
    days: int,
    refused: type[GuildhallError],
) -> None:
    newcomer = replace(NEW, **changed)  # type: ignore[arg-type]  # fields of a Newcomer
    with pytest.raises(refused):
        may_name(newcomer, referrer, theirs, replace(OFFERED, share_bps=share_bps), BEGUN + timedelta(days=days))


@pytest.mark.parametrize(
    ("task", "so_far", "lives_in", "amount"),
    [
        (TASK, 0, "rob", 200),
        (replace(TASK, fees=4), 0, "rob", 0),
        (replace(TASK, fees=9), 0, "rob", 1),
        (TASK, 400, "rob", 100),
        (TASK, 500, "rob", 0),
        (TASK, 600, "rob", 0),
        (replace(TASK, block=100), 0, "rob", 0),
        (replace(TASK, ended_at=2_001), 0, "rob", 0),
        (replace(TASK, sellers=frozenset({"ann", "sam"})), 0, "rob", 0),
        (replace(TASK, sellers=frozenset({"rob"})), 0, "rob", 0),
        (replace(TASK, sellers=frozenset({"zoe"})), 0, "zoe", 0),
        (replace(TASK, buyer="zoe", sellers=frozenset({"ann"})), 0, "zoe", 0),
        (replace(TASK, buyer="zoe", sellers=frozenset({"ann"})), 0, "rob", 200),
    ],
)
def test_what_a_task_brings(task: Finished, so_far: int, lives_in: str, amount: int) -> None:
    assert accrual(SHARE, task, so_far, lives_in) == amount


@given(
    st.lists(st.integers(0, 2**90), max_size=30),
    st.integers(1, 5_000),
    st.integers(1, 2**90),
)
def test_never_above_the_cap_nor_above_the_share(fees: list[int], share_bps: int, cap: int) -> None:
    share, so_far = replace(SHARE, share_bps=share_bps, cap=cap), 0
    for fee in fees:
        amount = accrual(share, replace(TASK, fees=fee), so_far, "rob")
        assert 0 <= 2 * amount <= fee
        assert amount * 10_000 <= fee * share_bps
        so_far += amount
    assert so_far <= cap
