"""What a task is: one test per branch of task_state, and that every combination has an answer."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.escrow.rules import State
from app.tasks.rules import TaskState, may_see, party_of, payee_of, task_state
from tests.unit.tasks.facts import (
    AGENT,
    ARBITER,
    AWARDED,
    BUYER,
    DIRECT,
    MOMENT,
    NOW,
    OPEN,
    STRANGER,
    Auction,
    Escrow,
    Intent,
    Standing,
    Task,
)

UNFUNDED = replace(OPEN, escrow=None)


@pytest.mark.parametrize(
    ("intent", "state"),
    [
        (None, TaskState.DRAFT),
        (Intent("queued"), TaskState.FUNDING),
        (Intent("mined"), TaskState.FUNDING),
        (Intent("failed"), TaskState.FUNDING_FAILED),
    ],
)
def test_without_money_the_funding_intent_decides(intent: Intent | None, state: TaskState) -> None:
    assert task_state(replace(UNFUNDED, fund_intent=intent)) is state


def test_a_reorged_funding_is_funding_again() -> None:
    assert task_state(replace(UNFUNDED, fund_intent=Intent("sent"), auction=Auction(MOMENT))) is TaskState.FUNDING


@pytest.mark.parametrize(
    ("award", "time", "state"),
    [
        (None, NOW, TaskState.INVITING),
        (Intent("failed"), NOW, TaskState.INVITING),
        (Intent("mined"), NOW, TaskState.AWARDING),
        (None, NOW + 101, TaskState.EXPIRED),
    ],
)
def test_a_task_that_is_paid_at_its_award_asks_for_bids(award: Intent | None, time: int, state: TaskState) -> None:
    inviting = replace(UNFUNDED, auction=None, award_intent=award, time=time).with_task(payment="at_award")
    assert task_state(inviting) is state
    assert may_see(inviting, STRANGER)
    assert not may_see(inviting.with_task(visibility="private"), STRANGER)
    assert task_state(replace(inviting, fund_intent=Intent("queued"))) is TaskState.FUNDING
    assert task_state(replace(inviting, fund_intent=Intent("failed"))) is state


def test_the_chain_comes_before_a_failed_intent() -> None:
    assert task_state(replace(OPEN, fund_intent=Intent("failed"))) is TaskState.OPEN


@pytest.mark.parametrize(
    ("auction", "award", "state"),
    [
        (None, None, TaskState.OPEN),
        (Auction(), None, TaskState.OPEN),
        (Auction(closed_at=MOMENT), None, TaskState.CLOSED),
        (Auction(closed_at=MOMENT), Intent("queued"), TaskState.AWARDING),
        (Auction(closed_at=MOMENT), Intent("failed"), TaskState.CLOSED),
        (Auction(closed_at=MOMENT, failed_at=MOMENT), Intent("failed"), TaskState.AWARD_FAILED),
        (None, Intent("sent"), TaskState.AWARDING),
        (None, Intent("failed"), TaskState.OPEN),
    ],
)
def test_a_funded_task_waits_for_its_award(auction: Auction | None, award: Intent | None, state: TaskState) -> None:
    assert task_state(replace(OPEN, auction=auction, award_intent=award)) is state


def test_expires_strictly_after_award_by() -> None:
    assert task_state(OPEN.at(NOW + 100)) is TaskState.OPEN
    assert task_state(OPEN.at(NOW + 101)) is TaskState.EXPIRED


def test_a_funded_direct_hire_is_awarded() -> None:
    assert task_state(DIRECT) is TaskState.AWARDED


@pytest.mark.parametrize("hired", [DIRECT, AWARDED])
def test_is_overdue_strictly_after_deliver_by(hired: Standing) -> None:
    assert task_state(hired.at(NOW + 1000)) is TaskState.AWARDED
    assert task_state(hired.at(NOW + 1001)) is TaskState.OVERDUE


@pytest.mark.parametrize(
    "state",
    [State.SUBMITTED, State.DISPUTED, State.RELEASED, State.CLAIMED, State.SETTLED, State.RULED, State.REFUNDED],
)
def test_later_states_are_the_contracts(state: State) -> None:
    assert task_state(AWARDED.with_escrow(state=state).at(NOW + 10**6)) == state.name.lower()


@given(
    state=st.sampled_from(State),
    agent=st.sampled_from([AGENT, "0x" + "0" * 40]),
    time=st.integers(0, 2 * NOW),
    intents=st.tuples(*[st.none() | st.builds(Intent, st.sampled_from(["queued", "sent", "failed", "final"]))] * 2),
    auction=st.none() | st.builds(Auction, st.none() | st.just(MOMENT), st.none() | st.just(MOMENT)),
)
def test_every_standing_has_a_state_and_terminal_ones_absorb(
    state: State,
    agent: str,
    time: int,
    intents: tuple[Intent | None, Intent | None],
    auction: Auction | None,
) -> None:
    standing = Standing(Task(agent=agent), Escrow(state=state), auction, intents[0], intents[1], time)
    said = task_state(standing)
    if state > State.DISPUTED:
        assert said == state.name.lower()
    assert task_state(standing) is said


def test_parties_are_told_apart() -> None:
    assert [party_of(AWARDED, who) for who in (BUYER, AGENT, ARBITER, STRANGER)] == ["buyer", "agent", "arbiter", None]
    assert party_of(OPEN, AGENT) is None
    assert payee_of(DIRECT) == AGENT


@pytest.mark.parametrize(
    ("standing", "account", "seen"),
    [
        (OPEN, STRANGER, True),
        (OPEN, None, True),
        (UNFUNDED, STRANGER, False),
        (UNFUNDED, BUYER, True),
        (UNFUNDED, ARBITER, True),
        (replace(UNFUNDED, fund_intent=Intent("queued")), STRANGER, True),
        (OPEN.with_task(visibility="private"), STRANGER, False),
        (AWARDED.with_task(visibility="private"), AGENT, True),
        (OPEN.with_task(visibility="private"), None, False),
    ],
)
def test_strangers_see_public_tasks_from_their_funding_on(standing: Standing, account: str | None, seen: bool) -> None:
    assert may_see(standing, account) is seen
