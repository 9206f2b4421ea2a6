"""contracts/INVARIANTS.md names tests: each of them exists."""

import re

from tests.conftest import ROOT

CONTRACTS = ROOT / "contracts"
NAMED = re.compile(r"`((?:test|testFuzz|invariant|check)_\w+|\w+\.t\.sol)`")
WRITTEN = re.compile(r"function ((?:test|testFuzz|invariant|check)_\w+)\(")


def test_every_test_that_is_named_exists() -> None:
    named = set(NAMED.findall((CONTRACTS / "INVARIANTS.md").read_text()))
    files = [path for folder in ("test", "proof") for path in (CONTRACTS / folder).rglob("*.sol")]
    written = {name for path in files for name in WRITTEN.findall(path.read_text())}
    assert len(named) > 100
    assert named - written - {path.name for path in files} == set()
