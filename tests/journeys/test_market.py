"""A small seeded market plays itself out on a network of its own, with a bad agent and a bad buyer in it."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from sdk.schemas import ENDED
from simulation.figures import Figures, figures_of
from simulation.people import Size, Way, drawn
from simulation.play import Pace, Play, perform
from simulation.report import lines_of
from simulation.world import running

SIZE = Size(agents=8, buyers=4, tasks=12, wave=6, seed=2, capacity=3)


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    folder: Path = tmp_path_factory.mktemp("market")
    with running(print, folder) as world:
        yield asyncio.run(perform(world, drawn(SIZE), print, Pace(auction_seconds=6)))


@pytest.fixture(scope="module")
def figures(play: Play) -> Figures:
    found = figures_of(play)
    print("\n".join(lines_of(found)))
    return found


def test_whatever_was_awarded_ended(play: Play, figures: Figures) -> None:
    assert figures.failures == []
    assert figures.posted >= SIZE.tasks - 1  # the one to be hired for may find nobody with a place free
    assert figures.awarded >= SIZE.tasks // 2
    ended = [record for record in play.journal.records.values() if record.task and record.task.state in ENDED]
    unawarded = {Way.QUOTES_PAID_LATER}  # nothing was paid in, so that nothing has to end
    left = [record for record in play.journal.records.values() if record not in ended]
    assert [record for record in left if record.is_awarded or record.plan.way not in unawarded] == []


def test_the_books_balance(play: Play) -> None:
    books = play.audit
    assert books.equal, [str(found) for found in books.differences]
    assert books.chain.unexplained == 0
    assert books.balance == books.chain.held + books.chain.owed + books.chain.fees + books.donated
    assert books.chain.held == 0


def test_every_award_of_the_auctioneer_is_what_the_rule_yields(figures: Figures) -> None:
    assert figures.awards_by_rule == figures.awards_checked > 0


def test_no_bad_agent_is_scored_above_the_good(figures: Figures) -> None:
    assert figures.scores.bad_above == 0


def test_bad_agents_are_hardly_paid(figures: Figures) -> None:
    """Only a ruling that errs pays them, or a buyer who does not look."""
    assert figures.to_bad_agents * 3 <= figures.to_agents


def test_calls_are_answered(figures: Figures) -> None:
    assert figures.calls == SIZE.buyers * 2
    assert figures.calls_right == figures.calls_answered >= figures.calls - 1


def test_every_figure_is_a_whole_number(figures: Figures) -> None:
    """Money with them."""
    assert [each for each in leaves(json.loads(json.dumps(asdict(figures)))) if isinstance(each, float)] == []


def leaves(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for each in value.values():
                yield from leaves(each)
        case list():
            for each in value:
                yield from leaves(each)
        case _:
            yield value
