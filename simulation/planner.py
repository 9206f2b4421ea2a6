"""An omniscient planner: who should do what, by one who knows every cost and quality. Pure; base units.

The assignment is the Hungarian method with shortest augmenting paths (Jonker and Volgenant 1987), rows by columns.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.people import WHOLE_BPS, AgentNature, Population, TaskPlan

FAR = np.iinfo(np.int64).max // 4


def expected_welfare(task: TaskPlan, agent: AgentNature) -> int:
    """Value that the work is worth on average, less what it costs."""
    return task.value * agent.expected_bps // WHOLE_BPS - agent.cost_of(task.trade)


def planned_welfare(population: Population) -> int:
    """The most that the agents, each with its capacity in each wave, could make of all tasks on average."""
    return sum(best_of_wave(wave, population.agents) for wave in population.waves)


def best_of_wave(tasks: Sequence[TaskPlan], agents: Sequence[AgentNature]) -> int:
    """Of tasks that are open side by side; a task that would lose by everybody stays undone."""
    places = [agent for agent in agents for _ in range(agent.capacity)]
    gains = np.zeros((len(tasks), len(places)), dtype=np.int64)
    for row, task in enumerate(tasks):
        for column, agent in enumerate(places):
            if task.trade in agent.costs:
                gains[row, column] = max(0, expected_welfare(task, agent))
    return best_sum(gains)


def best_sum(gains: NDArray[np.int64]) -> int:
    """The largest sum with at most one entry of each row and column, where no entry is below 0."""
    rows, columns = gains.shape
    undone = np.zeros((rows, rows), dtype=np.int64)
    chosen = cheapest(-np.hstack([gains, undone]))
    return int(sum(gains[row, column] for row, column in enumerate(chosen) if column < columns))


def cheapest(costs: NDArray[np.int64]) -> list[int]:
    """The column of each row in an assignment of least cost; there are at least as many columns as rows."""
    rows, columns = costs.shape
    of_row, of_column = np.zeros(rows + 1, dtype=np.int64), np.zeros(columns + 1, dtype=np.int64)
    held = np.zeros(columns + 1, dtype=np.int64)  # the row that holds each column, from 1 on; 0 holds what is free
    for row in range(1, rows + 1):
        held[0] = row
        before, last = augmenting_path(costs, of_row, of_column, held)
        while last:
            held[last], last = held[before[last]], before[last]
    found = [0] * rows
    for column in range(1, columns + 1):
        if held[column]:
            found[held[column] - 1] = column - 1
    return found


def augmenting_path(
    costs: NDArray[np.int64], of_row: NDArray[np.int64], of_column: NDArray[np.int64], held: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int]:
    """How the row that stands before column 0 reaches a free column most cheaply: the column before each, and the last
    one. Moves the prices, so that no reduced cost falls below 0."""
    columns = costs.shape[1]
    distance, before = np.full(columns + 1, FAR), np.zeros(columns + 1, dtype=np.int64)
    visited, column = np.zeros(columns + 1, dtype=bool), 0
    while True:
        visited[column] = True
        row = held[column]
        reduced = np.concatenate([[FAR], costs[row - 1] - of_row[row] - of_column[1:]])
        better = ~visited & (reduced < distance)
        distance[better], before[better] = reduced[better], column
        nearest = int(np.argmin(np.where(visited, FAR, distance)))
        step = distance[nearest]
        of_row[held[visited]] += step
        of_column[visited] -= step
        distance[~visited] -= step
        column = nearest
        if held[column] == 0:
            return before, column
