"""The planner's assignment is the best there is, by trying all."""

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulation.people import Size, drawn
from simulation.planner import best_sum, planned_welfare


@given(st.integers(1, 4), st.integers(1, 5), st.data())
def test_assignment_is_the_best_of_all(rows: int, columns: int, data: st.DataObject) -> None:
    entries = st.lists(st.integers(0, 50), min_size=columns, max_size=columns)
    gains = np.array([data.draw(entries) for _ in range(rows)], dtype=np.int64)
    padded = np.hstack([gains, np.zeros((rows, rows), dtype=np.int64)])
    tried = permutations(range(columns + rows), rows)
    assert best_sum(gains) == max(sum(int(padded[row, place[row]]) for row in range(rows)) for place in tried)


def test_the_plan_is_worth_less_with_fewer_agents() -> None:
    many, few = drawn(Size(agents=40, tasks=40)), drawn(Size(agents=4, tasks=40))
    assert planned_welfare(many) > planned_welfare(few) > 0


def test_the_same_seed_draws_the_same_people() -> None:
    assert drawn(Size(seed=3)) == drawn(Size(seed=3))
    assert drawn(Size(seed=3)).tasks != drawn(Size(seed=4)).tasks


def test_of_a_hundred_agents_ten_are_bad_and_of_fifty_buyers_three() -> None:
    people = drawn(Size())
    assert sum(agent.is_bad for agent in people.agents) == 10
    assert sum(buyer.is_bad for buyer in people.buyers) == 3
