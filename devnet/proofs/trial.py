"""One copy of the tree in which contracts are broken and tested.

The tests deploy what lies in the copy's contracts/artifacts, so a mutant is compiled, put there and tested without
compiling a test. It is compiled with cheap settings: what it does is the same.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from devnet.binaries import ROOT, foundry_binary
from devnet.proofs.compiler import Compiler, DoesNotCompile
from devnet.proofs.mutants import Mutant
from devnet.solc import solc_binary
from devnet.sources import SOURCES, imported

PRODUCTION = "contracts/src/"
# Gas says nothing of what a contract does, and every mutant changes it.
MEASURES_GAS = re.compile(r"snapshotGas")
# Most mutants are killed by a plain test: what takes long is asked about the others only, and then a little.
SLOW_SECONDS = 0.1
LIGHT = {"FOUNDRY_FUZZ_RUNS": "64", "FOUNDRY_INVARIANT_RUNS": "8"}
LIMIT_SECONDS = 900


class UnbrokenFails(Exception):
    """The tests do not pass on the contracts as they are: they could judge no mutant."""


class ForgeFailed(Exception):
    """Forge did not run the tests, which must not count as a kill; the message is its own."""


class Outcome(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    SAME_CODE = "same code"
    DOES_NOT_COMPILE = "does not compile"


@dataclass(frozen=True)
class Unbroken:
    """What mutants are compared with: by contract the cheap settings and the code, by source the contracts that it is
    part of, and of the tests those that fail on this code already (they count gas or bytes) and judge nothing, and
    those that take long and are asked last."""

    settings: dict[str, Mapping[str, Any]]
    codes: dict[str, tuple[str, str]]
    users: dict[str, list[str]]
    failing: list[str]
    slow: list[str]


@dataclass(frozen=True)
class Tree:
    """A copy of the tree, and the compiler of the one who works in it."""

    root: Path
    compiler: Compiler
    unbroken: Unbroken


def planted(root: Path, compiler: Compiler) -> Tree:
    """A copy with every contract compiled cheaply and all tests tried. Raises DoesNotCompile, UnbrokenFails."""
    shutil.copytree(ROOT / "contracts", root / "contracts")
    shutil.copy(ROOT / "foundry.toml", root)
    (root / "node_modules").symlink_to((ROOT / "node_modules").resolve())
    write_version_shim(root / "solc")
    cheap = {name: compiler.cheapest(name) for name in production()}
    for name, (_, pair) in cheap.items():
        put_code(root, name, pair)
    users: dict[str, list[str]] = {}
    for name in cheap:
        for path in imported(SOURCES[name].path):
            users.setdefault(path, []).append(name)
    settings = {name: pair[0] for name, pair in cheap.items()}
    codes = {name: pair[1] for name, pair in cheap.items()}
    tree = Tree(root, compiler, Unbroken(settings, codes, users, *tried(root)))
    if not passes(tree):
        raise UnbrokenFails
    return tree


def twin(tree: Tree, root: Path, compiler: Compiler) -> Tree:
    """Another copy, for another worker."""
    shutil.copytree(tree.root, root, symlinks=True)
    return Tree(root, compiler, tree.unbroken)


def production() -> list[str]:
    return [name for name, source in SOURCES.items() if source.path.startswith(PRODUCTION)]


def judged(tree: Tree, mutant: Mutant) -> Outcome:
    """Leaves the tree as it was."""
    changed = {mutant.path: mutant.applied((ROOT / mutant.path).read_bytes()).decode()}
    users = tree.unbroken.users[mutant.path]
    try:
        return outcome(tree, users, changed)
    except DoesNotCompile:
        return Outcome.DOES_NOT_COMPILE
    finally:
        for name in users:
            put_code(tree.root, name, tree.unbroken.codes[name])


def outcome(tree: Tree, names: list[str], changed: Mapping[str, str]) -> Outcome:
    """Contract by contract, since the first that uses a shared file kills most of its mutants."""
    same = True
    for name in names:
        fresh = tree.compiler.code(name, tree.unbroken.settings[name], changed)
        if fresh == tree.unbroken.codes[name]:
            continue
        same = False
        put_code(tree.root, name, fresh)
        if not passes(tree, but=tree.unbroken.slow):
            return Outcome.KILLED
    if same:
        return Outcome.SAME_CODE
    return Outcome.SURVIVED if passes(tree) else Outcome.KILLED


def put_code(root: Path, name: str, codes: tuple[str, str]) -> None:
    file = root / "contracts" / "artifacts" / f"{name}.json"
    artifact = json.loads(file.read_text())
    artifact["bytecode"], artifact["deployedBytecode"] = ("0x" + text for text in codes)
    file.write_text(json.dumps(artifact))


def tried(root: Path) -> tuple[list[str], list[str]]:
    """The tests that fail, and those that take long."""
    answer = json.loads(forge(root, ["--json"]).stdout)
    results = {
        test.partition("(")[0]: result for suite in answer.values() for test, result in suite["test_results"].items()
    }
    slow = [test for test, result in results.items() if seconds(result["duration"]) > SLOW_SECONDS]
    return sorted(test for test, result in results.items() if result["status"] == "Failure"), sorted(slow)


def seconds(duration: str) -> float:
    """Of forge's way of writing it, `1s 20ms 3µs`."""
    units = {"m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(ms|us|µs|ns|s|m)", duration))


def passes(tree: Tree, but: Sequence[str] = ()) -> bool:
    """A mutant that never ends is a killed one. Raises ForgeFailed where no test failed but forge itself."""
    names = [*tree.unbroken.failing, *but]
    options = ["--no-match-test", f"^({'|'.join(names)})\\("] if names else []
    try:
        done = forge(tree.root, ["--fail-fast", *options])
    except subprocess.TimeoutExpired:
        return False
    if done.returncode != 0 and "[FAIL" not in done.stdout:
        raise ForgeFailed(done.stdout + done.stderr)
    return done.returncode == 0


def forge(root: Path, options: list[str]) -> subprocess.CompletedProcess[str]:
    argv = [str(foundry_binary("forge")), "test", "--use", str(root / "solc"), *options]
    if gas_tests := _gas_tests(root):
        argv += ["--no-match-path", f"contracts/test/{{{','.join(gas_tests)}}}"]
    env = {key: value for key, value in os.environ.items() if not key.startswith("FOUNDRY_")}
    return subprocess.run(
        argv, cwd=root, env={**env, **LIGHT}, check=False, capture_output=True, text=True, timeout=LIMIT_SECONDS
    )


def write_version_shim(path: Path) -> None:
    """Forge asks the compiler's version at each start, and compiles at the first only."""
    solc = solc_binary()
    version = subprocess.run([solc, "--version"], check=True, capture_output=True, text=True, timeout=60).stdout
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] || exec {solc} "$@"\ncat <<END\n{version.rstrip()}\nEND\n')
    path.chmod(0o755)


def _gas_tests(root: Path) -> list[str]:
    folder = root / "contracts" / "test"
    found = (file for file in folder.rglob("*.t.sol") if MEASURES_GAS.search(file.read_text()))
    return sorted(str(file.relative_to(folder)) for file in found)
