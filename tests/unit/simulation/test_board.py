"""When participants are told of a task."""

from datetime import UTC, datetime
from typing import cast

import pytest

from sdk import Client
from sdk.schemas import AuctionView, Task
from simulation.board import Board
from simulation.journal import Journal


def task(state: str, *, auction: bool = True, opened: bool = True) -> Task:
    closes_at = datetime.now(UTC) if opened else None
    shown = AuctionView(kind="dutch", closes_at=closes_at) if auction else None
    return Task(task_id="0x", title="", capability="", visibility="public", terms={}, state=state, auction=shown)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ([task("open", opened=False)], []),
        ([task("open", opened=False), task("open"), task("open")], ["open"]),
        ([task("open", auction=False), task("awarded", auction=False)], ["open", "awarded"]),
        ([task("inviting", auction=False)], ["inviting"]),
    ],
)
def test_each_state_is_told_once_and_an_auction_when_it_has_opened(seen: list[Task], told: list[str]) -> None:
    heard: list[str] = []
    board = Board(cast("Client", None), Journal())
    board.listeners = [lambda each: heard.append(each.state)]
    for each in seen:
        board.tell(each)
    assert heard == told
