"""Questions to the pinned compiler: syntax trees, and the code of a contract of which one source is another."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any, Self

from devnet.solc import solc_binary
from devnet.sources import SOURCES, compiler_settings, imported

RUNS = 200
CODE = ("evm.bytecode.object", "evm.deployedBytecode.object")
# The first that a contract compiles with: what a mutant does is the same, and the shipped settings take far longer.
CHEAP_SETTINGS: tuple[Mapping[str, Any], ...] = (
    {"viaIR": False, "optimizer": {"enabled": False}},
    {"viaIR": True, "optimizer": {"enabled": False}},
    {"viaIR": True, "optimizer": {"enabled": True, "runs": RUNS}},
)


class DoesNotCompile(Exception):
    """The compiler refuses a source; the message is its own."""


class Compiler:
    """One that stays warm from question to question, and ends with its owner, whose end closes its input."""

    def __init__(self) -> None:
        argv = [str(solc_binary()), "--serve"]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def syntax_trees(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """By path, of these contracts and of all that they import. Raises DoesNotCompile."""
        sources = {path: text for name in names for path, text in imported(SOURCES[name].path).items()}
        answer = self._ask(sources, {}, {"*": {"": ["ast"]}})
        return {path: source["ast"] for path, source in answer["sources"].items()}

    def code(self, name: str, settings: Mapping[str, Any], changed: Mapping[str, str]) -> tuple[str, str]:
        """Creation and runtime code of a contract in hex, `changed` sources in place of the real.

        Raises DoesNotCompile.
        """
        path = SOURCES[name].path
        answer = self._ask({**imported(path), **changed}, settings, {path: {name: list(CODE)}})
        evm = answer["contracts"][path][name]["evm"]
        return evm["bytecode"]["object"], evm["deployedBytecode"]["object"]

    def cheapest(self, name: str) -> tuple[Mapping[str, Any], tuple[str, str]]:
        """The settings that suit a contract, and its code under them. Raises DoesNotCompile."""
        *first, last = CHEAP_SETTINGS
        for settings in first:
            try:
                return settings, self.code(name, settings, {})
            except DoesNotCompile:  # too many variables for that pipeline's stack: the next settings take it
                continue
        return last, self.code(name, last, {})

    def _ask(self, sources: Mapping[str, str], settings: Mapping[str, Any], wanted: object) -> dict[str, Any]:
        request = {
            "language": "Solidity",
            "sources": {path: {"content": text} for path, text in sources.items()},
            "settings": {**compiler_settings(RUNS), **settings, "outputSelection": wanted},
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        errors = [error["formattedMessage"] for error in answer.get("errors", ()) if error["severity"] == "error"]
        if errors:
            raise DoesNotCompile("\n".join(errors))
        return answer
