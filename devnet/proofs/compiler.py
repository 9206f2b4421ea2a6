"""Questions to the pinned compiler: syntax trees, and the code of a contract of which one source is another."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from devnet.solc import solc_binary
from devnet.sources import SOURCES, compiler_settings, imported

LIMIT_SECONDS = 600
RUNS = 200
CODE = ("evm.bytecode.object", "evm.deployedBytecode.object")
# The first that a contract compiles with: what a mutant does is the same, and the shipped settings take far longer.
CHEAP_SETTINGS: tuple[Mapping[str, Any], ...] = ({"viaIR": False}, {"viaIR": True})


class DoesNotCompile(Exception):
    """The compiler refuses a source; the message is its own."""


def syntax_trees(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """By path, of these contracts and of all that they import. Raises DoesNotCompile."""
    sources = {path: text for name in names for path, text in imported(SOURCES[name].path).items()}
    answer = _ask(sources, {}, {"*": {"": ["ast"]}})
    return {path: source["ast"] for path, source in answer["sources"].items()}


def code(name: str, settings: Mapping[str, Any], changed: Mapping[str, str]) -> tuple[str, str]:
    """Creation and runtime code of a contract in hex, `changed` sources in place of the real. Raises DoesNotCompile."""
    path = SOURCES[name].path
    answer = _ask({**imported(path), **changed}, settings, {path: {name: list(CODE)}})
    evm = answer["contracts"][path][name]["evm"]
    return evm["bytecode"]["object"], evm["deployedBytecode"]["object"]


def _ask(sources: Mapping[str, str], settings: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    request = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in sources.items()},
        "settings": {**compiler_settings(RUNS), **settings, "outputSelection": wanted},
    }
    done = subprocess.run(
        [str(solc_binary()), "--standard-json"],
        input=json.dumps(request),
        check=True,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    errors = [error["formattedMessage"] for error in answer.get("errors", ()) if error["severity"] == "error"]
    if errors:
        raise DoesNotCompile("\n".join(errors))
    return answer
