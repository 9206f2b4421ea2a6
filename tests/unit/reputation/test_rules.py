"""What a record adds up to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.escrow.rules import Refund, State
from app.reputation.rules import record_of
from tests.unit.tasks.facts import AGENT, Escrow

ENDS = [State.RELEASED, State.CLAIMED, State.SETTLED, State.RULED, State.REFUNDED]


def finished(state: State, paid: int) -> Escrow:
    return Escrow(state=state, remaining=0, agent=AGENT, agent_id=7, paid=paid, last_block=10)


@pytest.mark.parametrize(("stars", "mean"), [([], None), ([5], 500), ([1, 2], 150), ([1, 1, 2], 133), ([2, 2, 1], 167)])
def test_the_mean_is_rounded_to_hundredths(stars: list[int], mean: int | None) -> None:
    assert record_of([], stars).mean_hundredths == mean


@pytest.mark.parametrize(("reason", "abandoned"), [(reason, reason in (2, 4)) for reason in Refund])
def test_only_what_the_agent_left_is_abandoned(reason: Refund, abandoned: bool) -> None:
    escrow = replace(finished(State.REFUNDED, 0), refund_reason=reason)
    record = record_of([escrow], [])
    assert (record.abandoned, record.delivered, record.unpaid) == (int(abandoned), 0, 0)


@pytest.mark.parametrize(("parted", "others", "bps"), [(0, 0, 0), (1, 0, 10_000), (1, 2, 3_333), (0, 5, 0)])
def test_parting_together_is_told_as_a_share_of_what_ended(parted: int, others: int, bps: int) -> None:
    gone = replace(finished(State.REFUNDED, 0), refund_reason=Refund.CANCELLED_TOGETHER)
    record = record_of([gone] * parted + [finished(State.RELEASED, 5)] * others, [])
    assert (record.parted, record.parted_bps, record.abandoned) == (parted, bps, 0)


@given(st.lists(st.builds(finished, st.sampled_from(ENDS), st.integers(0, 100))))
def test_no_task_counts_twice_and_every_unit_once(escrows: list[Escrow]) -> None:
    record = record_of(escrows, [])
    assert record.delivered + record.unpaid + record.abandoned + record.parted <= len(escrows) == record.ended
    assert record.earned == sum(each.paid for each in escrows)
