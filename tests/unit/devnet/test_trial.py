"""How a broken contract is judged."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devnet.proofs.compiler import Compiler
from devnet.proofs.trial import ForgeFailed, Tree, Unbroken, passes, seconds, write_version_shim

HOLDS = "function test_holds() public pure {}"
FAILS = "function test_fails() public pure { revert(); }"


@pytest.mark.parametrize(("tests", "passed"), [(HOLDS, True), (HOLDS + FAILS, False)])
def test_a_failing_test_is_a_kill(tree: Tree, tests: str, passed: bool) -> None:
    write_test(tree, f"contract SampleTest {{ {tests} }}")
    assert passes(tree) is passed


def test_forge_that_does_not_run_is_no_kill(tree: Tree) -> None:
    write_test(tree, "no Solidity")
    with pytest.raises(ForgeFailed):
        passes(tree)


def test_a_test_that_is_left_out_does_not_judge(tree: Tree) -> None:
    write_test(tree, f"contract SampleTest {{ {HOLDS} {FAILS} }}")
    assert passes(tree, but=["test_fails"])


def write_test(tree: Tree, text: str) -> None:
    (tree.root / "contracts" / "test" / "Sample.t.sol").write_text(text)


def test_reads_forges_durations() -> None:
    assert seconds("1s 20ms 3µs 5ns") == pytest.approx(1.020003005)


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    (tmp_path / "contracts" / "test").mkdir(parents=True)
    settings = "optimizer = false\noffline = true\n"
    (tmp_path / "foundry.toml").write_text(
        f'[profile.default]\nsrc = "contracts/src"\ntest = "contracts/test"\n{settings}'
    )
    write_version_shim(tmp_path / "solc")
    with Compiler() as compiler:
        yield Tree(tmp_path, compiler, Unbroken({}, {}, {}, [], []))
