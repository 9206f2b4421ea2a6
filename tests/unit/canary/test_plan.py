"""What counts as the right answer, and what a plan must say."""

import json
from pathlib import Path
from typing import Any

import pytest

from canary.errors import CanaryRefused
from canary.nest import Hired, Nest
from canary.plan import read_plan
from sdk import make_terms

ASKED: dict[str, Any] = {"capability": "text.sort", "title": "Sort", "content": "b a", "expected": "a b"}


def plan_file(folder: Path, **changed: Any) -> Path:
    file = folder / "plan.json"
    file.write_text(json.dumps({name: value for name, value in (ASKED | changed).items() if value is not None}))
    return file


@pytest.mark.parametrize(
    ("expected", "delivered", "is_right"),
    [
        ("a b", b"a b\n", True),
        ("a b", b"b a", False),
        ("a b", b"\xff", False),
        ({"x": 1, "y": [2]}, b'{"y": [2],\n "x": 1}', True),
        ({"x": 1}, b'{"x": true}', False),
        ({"x": 1}, b'{"x": 1, "z": 2}', False),
        ([1, 2], b"[2, 1]", False),
        ([1, 2], b"not JSON", False),
        ("[1, 2]", b"[1,2]", False),
    ],
)
def test_there_is_one_right_answer(tmp_path: Path, expected: Any, delivered: bytes, is_right: bool) -> None:
    assert read_plan(plan_file(tmp_path, expected=expected)).is_right(delivered) is is_right


@pytest.mark.parametrize(("expected", "said"), [("a b", "a b"), ({"y": [2], "x": True}, '{"x":true,"y":[2]}')])
def test_the_right_answer_is_told_as_it_would_be_given(tmp_path: Path, expected: Any, said: str) -> None:
    assert read_plan(plan_file(tmp_path, expected=expected)).answer == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"capability": None}, "capability: Field required"),
        ({"expected": None}, "expected: Field required"),
        ({"price": 0}, "price: Input should be greater than or equal to 1"),
        ({"reward": 5}, "reward: Extra inputs"),
    ],
)
def test_a_plan_that_does_not_hold_together_is_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(CanaryRefused, match=said):
        read_plan(plan_file(tmp_path, **changed))


def test_without_a_plan_nothing_is_played(tmp_path: Path) -> None:
    with pytest.raises(CanaryRefused, match="cannot be read: No such file"):
        Nest(tmp_path).plan()


def test_terms_are_the_same_when_it_is_played_again(tmp_path: Path) -> None:
    address = "0x" + "11" * 20
    terms = make_terms(
        buyer=address, arbiter=address, content="0x" + "22" * 32, budget=2**70, chain_time=1, agent=address
    )
    nest = Nest(tmp_path)
    assert nest.hired() is None
    nest.keep(Hired(7, terms))
    assert nest.hired() == Hired(7, terms)


def test_nothing_is_recorded_before_it_was_seen(tmp_path: Path) -> None:
    nest = Nest(tmp_path)
    with pytest.raises(CanaryRefused, match="play the canary first"):
        nest.read_report()
    nest.report({"passed": True})
    assert nest.read_report() == {"passed": True}
