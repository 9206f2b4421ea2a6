"""scripts/test runs every check, and is red if any is."""

import sys
from pathlib import Path

import pytest

from devnet.checks import Check, checks, memory, run_all

PASSES = Check("passes", [sys.executable, "-c", "print('green')"])
FAILS = Check("fails", [sys.executable, "-c", "raise SystemExit(3)"])
STALLS = Check("stalls", [sys.executable, "-c", "import signal; signal.pause()"], limit_seconds=1)


def test_runs_the_rest_after_a_failure_and_is_red(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_all([FAILS, PASSES]) == 1
    shown = capfd.readouterr().out
    assert "green" in shown
    assert "1 passed, 1 failed" in shown


def test_is_green_when_all_pass() -> None:
    assert run_all([PASSES, PASSES]) == 0


def test_a_check_that_does_not_end_is_stopped_and_red(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_all([STALLS]) == 1
    assert "did not end within 1 s" in capfd.readouterr().err


def test_an_early_check_is_shown_in_its_turn(capfd: pytest.CaptureFixture[str]) -> None:
    early = Check("early", [sys.executable, "-c", "print('compiled'); raise SystemExit(1)"], early=True)
    assert run_all([PASSES, early]) == 1
    shown = capfd.readouterr().out
    assert shown.index("== passes") < shown.index("== early") < shown.index("compiled")


@pytest.mark.parametrize("deep", [False, True])
def test_every_kind_of_check_is_there(deep: bool) -> None:
    named = " ".join(check.name for check in checks(deep=deep))
    for kind in ("ruff", "floors", "mypy", "forge", "ape", "unit and integration", "journeys"):
        assert kind in named


def test_the_proofs_are_for_the_deep_run_alone() -> None:
    proofs = {"static analysis (slither)", "symbolic proofs (halmos)", "mutation testing"}
    assert proofs <= {check.name for check in checks(deep=True)}
    assert not proofs & {check.name for check in checks(deep=False)}


def test_tests_lie_in_memory_only_where_it_has_room(tmp_path: Path) -> None:
    assert memory(tmp_path, least_free_bytes=1) == tmp_path
    assert memory(tmp_path, least_free_bytes=1 << 60) is None
    assert memory(tmp_path / "absent", least_free_bytes=1) is None
