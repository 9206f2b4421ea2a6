"""When the clock may be moved, and how figures are written."""

import pytest

from sdk.schemas import Task
from simulation.bidding import asked
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


def test_an_agent_asks_its_cost_and_the_fee_and_a_bad_one_its_part_of_that() -> None:
    people = drawn(Size(bad_price_bps=5_000))
    good = next(agent for agent in people.agents if agent.conduct is Conduct.GOOD)
    bad = next(agent for agent in people.agents if agent.is_bad)
    for agent, cost in ((good, min(good.costs.values())), (bad, min(bad.costs.values()) // 2)):
        price = min(asked(agent, trade, 10_000) for trade in agent.costs)
        assert price * 99 // 100 <= cost <= price * 99 // 100 + 1
    assert bad.cost_of(next(iter(bad.costs))) == 0


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
