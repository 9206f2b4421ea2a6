"""One copy of the tree in which contracts are broken and tested.

The tests deploy what lies in the copy's contracts/artifacts, so a mutant is compiled, put there and tested without
compiling a test. It is compiled with cheap settings: what it does is the same.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from devnet.binaries import ROOT, foundry_binary
from devnet.proofs.compiler import CHEAP_SETTINGS, DoesNotCompile, code
from devnet.proofs.mutants import Mutant
from devnet.solc import solc_binary
from devnet.sources import SOURCES, imported

PRODUCTION = "contracts/src/"
# Gas says nothing of what a contract does, and every mutant changes it.
MEASURES_GAS = re.compile(r"snapshotGas")
# The quick look is enough for most mutants; only who survives it meets the whole fast profile.
QUICK = {"FOUNDRY_FUZZ_RUNS": "32", "FOUNDRY_INVARIANT_RUNS": "2"}
LIMIT_SECONDS = 900


class UnbrokenFails(Exception):
    """The tests do not pass on the contracts as they are: they could judge no mutant."""


class Outcome(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    SAME_CODE = "same code"
    DOES_NOT_COMPILE = "does not compile"


@dataclass
class Tree:
    """A copy at `root`; `originals` are the runtime codes of the unbroken contracts, `users` who needs which file."""

    root: Path
    settings: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    originals: dict[str, tuple[str, str]] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)
    failing: list[str] = field(default_factory=list)


def planted(root: Path) -> Tree:
    """A copy with every contract compiled cheaply and all tests tried once. Raises DoesNotCompile, UnbrokenFails."""
    shutil.copytree(ROOT / "contracts", root / "contracts")
    shutil.copy(ROOT / "foundry.toml", root)
    (root / "node_modules").symlink_to((ROOT / "node_modules").resolve())
    tree = Tree(root)
    for name in production():
        tree.settings[name], tree.originals[name] = _cheapest(name)
        put_code(tree, name, tree.originals[name])
        for used in imported(SOURCES[name].path):
            tree.users.setdefault(used, []).append(name)
    tree.failing = _failing(tree)
    if not (_passes(tree, QUICK) and _passes(tree, {})):
        raise UnbrokenFails
    return tree


def twin(tree: Tree, root: Path) -> Tree:
    """Another copy, for a second worker."""
    shutil.copytree(tree.root, root, symlinks=True)
    return Tree(root, tree.settings, tree.originals, tree.users, tree.failing)


def production() -> list[str]:
    return [name for name, source in SOURCES.items() if source.path.startswith(PRODUCTION)]


def judged(tree: Tree, mutant: Mutant) -> Outcome:
    """Leaves the tree as it was."""
    changed = {mutant.path: mutant.applied((ROOT / mutant.path).read_bytes()).decode()}
    try:
        return _outcome(tree, tree.users[mutant.path], changed)
    except DoesNotCompile:
        return Outcome.DOES_NOT_COMPILE
    finally:
        for name in tree.users[mutant.path]:
            put_code(tree, name, tree.originals[name])


def _outcome(tree: Tree, names: list[str], changed: Mapping[str, str]) -> Outcome:
    """Contract by contract, since the first that uses a shared file kills most of its mutants."""
    same = True
    for name in names:
        fresh = code(name, tree.settings[name], changed)
        if fresh == tree.originals[name]:
            continue
        same = False
        put_code(tree, name, fresh)
        if not _passes(tree, QUICK):
            return Outcome.KILLED
    if same:
        return Outcome.SAME_CODE
    return Outcome.SURVIVED if _passes(tree, {}) else Outcome.KILLED


def put_code(tree: Tree, name: str, codes: tuple[str, str]) -> None:
    file = tree.root / "contracts" / "artifacts" / f"{name}.json"
    artifact = json.loads(file.read_text())
    artifact["bytecode"], artifact["deployedBytecode"] = ("0x" + text for text in codes)
    file.write_text(json.dumps(artifact))


def _cheapest(name: str) -> tuple[Mapping[str, Any], tuple[str, str]]:
    *first, last = CHEAP_SETTINGS
    for settings in first:
        try:
            return settings, code(name, settings, {})
        except DoesNotCompile:  # too many variables for the old pipeline's stack: the next settings take it
            continue
    return last, code(name, last, {})


def _failing(tree: Tree) -> list[str]:
    """The tests that fail on unbroken contracts under cheap settings (they count gas or bytes): they judge nothing."""
    answer = json.loads(_forge(tree, ["--json"], {}).stdout)
    return sorted(
        {
            test.partition("(")[0]
            for suite in answer.values()
            for test, result in suite["test_results"].items()
            if result["status"] == "Failure"
        }
    )


def _passes(tree: Tree, settings: Mapping[str, str]) -> bool:
    """A mutant that never ends is a killed one."""
    try:
        return _forge(tree, ["--fail-fast"], settings).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _forge(tree: Tree, options: list[str], settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [str(foundry_binary("forge")), "test", "--use", str(solc_binary()), *options]
    if gas_tests := _gas_tests(tree.root):
        argv += ["--no-match-path", f"contracts/test/{{{','.join(gas_tests)}}}"]
    if tree.failing:
        argv += ["--no-match-test", f"^({'|'.join(tree.failing)})$"]
    env = {key: value for key, value in os.environ.items() if not key.startswith("FOUNDRY_")}
    return subprocess.run(
        argv, cwd=tree.root, env={**env, **settings}, check=False, capture_output=True, text=True, timeout=LIMIT_SECONDS
    )


def _gas_tests(root: Path) -> list[str]:
    folder = root / "contracts" / "test"
    found = (file for file in folder.rglob("*.t.sol") if MEASURES_GAS.search(file.read_text()))
    return sorted(str(file.relative_to(folder)) for file in found)
