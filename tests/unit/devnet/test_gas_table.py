"""The gas table's own arithmetic, and that the committed snapshots keep every ceiling."""

import pytest

from bench.gas import FLOOR, FLOWS, Flow, holds, read_snapshots, row, unbounded

MEASURED = read_snapshots()


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_flow_is_measured_and_keeps_its_ceiling(flow: Flow) -> None:
    gas = MEASURED.get((flow.group, flow.name))
    assert holds(flow, gas), f"{gas} of {flow.ceiling}: make it cheaper, or write the reason in bench/gas.py"


def test_two_hundredths_above_a_ceiling_are_borne_and_no_more_without_a_reason() -> None:
    flow, excused = Flow("A", "b", 1_000), Flow("A", "b", 1_000, reason="safer")
    assert holds(flow, 1_020)
    assert not holds(flow, 1_021)
    assert not holds(flow, None)
    assert holds(excused, 1_021)
    assert not holds(excused, None)


def test_a_row_compares_with_ceiling_and_floor() -> None:
    cells = row(Flow("A", "b", 1_000, "2,000"), {("A", "b"): 1_010, FLOOR: 505})
    assert cells == ("b", "1,010", "1,000", "1.010", "2,000", "2.0", "")


def test_what_has_no_ceiling_is_shown_once() -> None:
    names = [flow.name for flow in unbounded(MEASURED)]
    assert "withdraw" in names
    assert "veto" in names
    assert "reclaim" not in names
    assert len(names) == len(set(names))
