"""The contracts that are shipped, and what the compiler is told for each.

A request carries the contract and all that it imports, whole: the same text is compiled here, keys the cache of
answers, and is what a block explorer takes as "standard JSON" to verify a deployment.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from devnet.binaries import ROOT

# How often the optimizer shall think each line to run: more is cheaper to call and longer, and a contract's limit is
# 24,000 bytes. Those that few call, or that are long, say less.
DEFAULT_RUNS = 10_000


@dataclass(frozen=True)
class Source:
    path: str
    runs: int = DEFAULT_RUNS


SOURCES = {
    "TaskEscrow": Source("contracts/src/TaskEscrow.sol", runs=10_000),
    "IdentityRegistry": Source("contracts/src/IdentityRegistry.sol"),
    "ReputationRegistry": Source("contracts/src/ReputationRegistry.sol"),
    "PaymentChannel": Source("contracts/src/PaymentChannel.sol", runs=1_000_000),
    "SplitterFactory": Source("contracts/src/SplitterFactory.sol"),
    "Create3Factory": Source("contracts/src/Create3Factory.sol"),
    "Splitter": Source("contracts/src/Splitter.sol"),
    "WalletQuery": Source("contracts/src/queries/WalletQuery.sol"),
    "MockUSDC": Source("contracts/mocks/MockUSDC.sol"),
    "MockPermit2": Source("contracts/mocks/MockPermit2.sol"),
    "PlainToken": Source("contracts/mocks/PlainToken.sol", runs=1_000_000),
}
OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]
IMPORT = re.compile(r"^\s*import\s+(?:[^\"';]*?\bfrom\s+)?[\"']([^\"']+)[\"']", re.MULTILINE)


def compiler_request(name: str) -> dict[str, Any]:
    """solc's standard JSON for one contract: only its own code is asked for, all that it imports is in `sources`."""
    source = SOURCES[name]
    return {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in sorted(imported(source.path).items())},
        "settings": {**compiler_settings(source.runs), "outputSelection": {source.path: {name: OUTPUTS}}},
    }


def compiler_settings(runs: int) -> dict[str, Any]:
    """The settings of foundry.toml's production profile in the words of solc's standard JSON, with these runs."""
    profile = production_profile()
    return {
        "remappings": profile["remappings"],
        "optimizer": {"enabled": profile["optimizer"], "runs": runs},
        "viaIR": profile["via_ir"],
        "evmVersion": profile["evm_version"],
        "metadata": {"bytecodeHash": profile["bytecode_hash"], "appendCBOR": profile["cbor_metadata"]},
    }


def imported(path: str) -> dict[str, str]:
    """The text of a source and of all that it imports, by the name that the compiler gives each."""
    texts: dict[str, str] = {}
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current not in texts:
            texts[current] = (ROOT / current).read_text()
            waiting += [resolved(name, current) for name in IMPORT.findall(texts[current])]
    return texts


def resolved(name: str, importer: str) -> str:
    """The source that an import names, relative to the one that imports it or through a remapping."""
    if name.startswith("."):
        return normal(PurePosixPath(importer).parent / name)
    for remapping in production_profile()["remappings"]:
        prefix, target = remapping.split("=")
        if name.startswith(prefix):
            return str(target + name.removeprefix(prefix))
    return name


def normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


@cache
def production_profile() -> dict[str, Any]:
    profiles = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]
    return {**profiles["default"], **profiles["production"]}
