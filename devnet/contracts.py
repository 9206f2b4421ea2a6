"""Forge and ape over the pinned compiler.

`python -m devnet.contracts test [forge's arguments]` runs the Solidity tests, `python -m devnet.contracts ape test`
the Python ones and `python -m devnet.contracts ape compile` ape's compilation. Each becomes the tool itself, so that
its exit code is the tool's: npm's forge wrapper would answer 0 whatever the tests say. The Solidity tests deploy the
committed artifacts, so they start only where these are what the sources compile to.
"""

import os
import sys
from pathlib import Path

from devnet.artifacts import outdated
from devnet.binaries import ROOT, foundry_binary
from devnet.solc import solc_binary

DEPLOYING = frozenset({"test", "snapshot", "coverage"})
COMPILING = frozenset({"build", "test", "snapshot", "coverage", "inspect"})
APE_TESTS = ("-c", "tests/contracts/pytest.ini")


def main(arguments: list[str]) -> None:
    """Runs the tool in the checkout and does not return. Raises BinaryMissing."""
    os.chdir(ROOT)
    verb, *rest = arguments or ["test"]
    if verb == "ape":
        become_ape(rest)
    become_forge(verb, rest)


def become_forge(verb: str, arguments: list[str]) -> None:
    """Only the verbs that compile take a compiler."""
    if verb in DEPLOYING:
        require_current_artifacts()
    compiler = ["--use", str(solc_binary())] if verb in COMPILING else []
    forge = str(foundry_binary("forge"))
    os.execv(forge, [forge, verb, *compiler, *arguments])  # noqa: S606 - a fixed native binary, no shell


def require_current_artifacts() -> None:
    """Ends the run, with a word on what to do, where the tests would run other bytes than the sources give."""
    from solcx.exceptions import SolcError

    try:
        names = outdated()
    except SolcError as error:
        sys.exit(f"the contracts do not compile: {error.message}")
    if names:
        sys.exit(f"contracts/artifacts differs from the sources ({', '.join(names)}): run scripts/artifacts")


def become_ape(arguments: list[str]) -> None:
    """With the native anvil on PATH and ape's files in the checkout's cache, not in the home folder."""
    anvil = foundry_binary("anvil").parent
    env = {
        **os.environ,
        "SOLCX_BINARY_PATH": str(solc_binary().parent),
        "APE_DATA_FOLDER": str(ROOT / ".cache" / "ape"),
        "PATH": f"{anvil}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    verb, *rest = arguments or ["test"]
    options = [*APE_TESTS, *(rest or ["tests/contracts"])] if verb == "test" else rest
    ape = str(Path(sys.executable).with_name("ape"))
    os.execve(ape, [ape, verb, *options], env)  # noqa: S606 - the environment's own script, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
