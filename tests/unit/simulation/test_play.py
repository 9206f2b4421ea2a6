"""When the clock may be moved, and how figures are written."""

import pytest

from sdk.schemas import Task
from simulation.bidding import BAIT, asked
from simulation.journal import Journal, Record
from simulation.people import Conduct, Size, drawn
from simulation.play import only_time_helps
from simulation.report import percent, usdc


def records(*states: tuple[bool, bool, bool]) -> list[Record]:
    """As (done, buyer waits, agent waits)."""
    plan = drawn(Size()).tasks[0]
    return [
        Record(plan, str(number), done=done, buyer_waits=buyer, agent_waits=agent)
        for number, (done, buyer, agent) in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("states", "helps"),
    [
        ([], False),
        ([(True, False, False)], False),
        ([(True, False, False), (False, True, False)], True),
        ([(False, False, True), (False, True, True)], True),
        ([(False, False, False), (False, True, False)], False),
    ],
)
def test_the_clock_moves_only_where_nobody_acts(states: list[tuple[bool, bool, bool]], helps: bool) -> None:
    assert only_time_helps(records(*states)) is helps


def test_an_agent_asks_its_cost_and_the_fee_and_a_bad_one_the_bait() -> None:
    people = drawn(Size())
    good = next(agent for agent in people.agents if agent.conduct is Conduct.GOOD)
    bad = next(agent for agent in people.agents if agent.is_bad)
    (trade, cost), *_ = good.costs.items()
    price = asked(good, trade, 10_000)
    assert price * 99 // 100 <= cost <= price * 99 // 100 + 1
    assert asked(bad, next(iter(bad.costs)), 10_000) == -(-BAIT * 100 // 99)


def test_a_task_without_an_agent_is_not_awarded() -> None:
    (record,) = records((False, False, False))
    assert not record.is_awarded
    record.task = Task(
        task_id="0x", title="", capability="", visibility="public", terms={}, state="released", escrow=None
    )
    assert record.is_over
    assert Journal().worker_of(record) is None


def test_amounts_and_shares_are_written_without_rounding_up() -> None:
    assert usdc(1_999_999) == "1.99"
    assert percent(9_049) == "90.49%"
