"""Forge over the pinned compiler: `python -m devnet.contracts test [forge's arguments]`.

It becomes the native forge, since npm's wrapper exits with 0 whatever the tests say.
"""

import os
import sys

from devnet.binaries import ROOT, foundry_binary
from devnet.solc import solc_binary


def main(arguments: list[str]) -> None:
    """Runs `forge ARGUMENTS` in the checkout. The exit code is forge's: not 0 where a test fails."""
    verb, *rest = arguments or ["test"]
    forge = foundry_binary("forge")
    os.chdir(ROOT)
    os.execv(forge, [str(forge), verb, *_compiler(verb), *rest])  # noqa: S606 - a fixed native binary, no shell


def _compiler(verb: str) -> list[str]:
    """Only the verbs that compile take a compiler."""
    return ["--use", str(solc_binary())] if verb in {"build", "test", "snapshot", "coverage", "inspect"} else []


if __name__ == "__main__":
    main(sys.argv[1:])
