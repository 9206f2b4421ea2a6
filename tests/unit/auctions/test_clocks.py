"""Auctions know two clocks, the database's and the chain's: a process whose own is wrong changes nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3] / "app"
READERS = [*sorted((ROOT / "auctions").rglob("*.py")), ROOT / "tasks" / "rules" / "plans.py"]
OWN_CLOCK = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"}


def readings(source: str) -> Iterator[str]:
    """Where the process's own clock is read: a call of datetime.now(), time.time() and their like."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and any(name.name == "time" for name in node.names):
            yield f"{node.lineno}: import time"
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield f"{node.lineno}: from time import"
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        holder = node.func.value
        if isinstance(holder, ast.Name) and holder.id in ("datetime", "date", "time") and node.func.attr in OWN_CLOCK:
            yield f"{node.lineno}: {holder.id}.{node.func.attr}()"


@pytest.mark.parametrize("file", READERS, ids=lambda file: str(file.relative_to(ROOT)))
def test_reads_no_clock_of_its_own(file: Path) -> None:
    assert list(readings(file.read_text())) == []


@pytest.mark.parametrize("code", ["datetime.now(UTC)", "import time", "from time import time", "date.today()"])
def test_the_check_can_fail(code: str) -> None:
    assert list(readings(code))
