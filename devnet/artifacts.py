"""The committed artifacts: ABI and bytecode, so that running needs no compiler.

`python -m devnet.artifacts` writes them anew; settings come from foundry.toml, so that the bytes that are tested are
the bytes that are deployed.
"""

import hashlib
import json
import os
import sys
import tomllib
from typing import Any

from devnet.binaries import ROOT
from devnet.solc import VERSION, solc_binary

ARTIFACTS = ROOT / "contracts" / "artifacts"
SOURCES = {
    "TaskEscrow": "contracts/src/TaskEscrow.sol",
    "IdentityRegistry": "contracts/src/IdentityRegistry.sol",
    "ReputationRegistry": "contracts/src/ReputationRegistry.sol",
    "MockUSDC": "contracts/mocks/MockUSDC.sol",
}
OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]


# The last answer of the compiler, so that forge's check and ape's compile the same sources once.
ANSWER = ROOT / ".cache" / "solc" / "answer.json"


def main() -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for name, text in compiled().items():
        (ARTIFACTS / f"{name}.json").write_text(text)
        print(f"contracts/artifacts/{name}.json: {len(json.loads(text)['deployedBytecode']) // 2 - 1:,} bytes")


def outdated() -> list[str]:
    """The contracts whose committed artifact is not, byte for byte, what the sources compile to. Raises as compiled."""
    return [name for name, text in compiled().items() if not _is_committed(name, text)]


def compiled() -> dict[str, str]:
    """The text of every artifact file by contract name. Raises solcx's SolcError where a source does not compile."""
    request = _request()
    digest = _digest(request)
    kept = json.loads(ANSWER.read_text()) if ANSWER.exists() else {}
    contracts = kept["contracts"] if kept.get("digest") == digest else _compile(request, digest)
    return {name: _artifact(name, contracts[path][name], request["settings"]) for name, path in SOURCES.items()}


def compiler_settings() -> dict[str, Any]:
    """The settings of foundry.toml's production profile in the words of solc's standard JSON."""
    profiles = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]
    profile = profiles["default"] | profiles["production"]
    return {
        "remappings": profile["remappings"],
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "viaIR": profile["via_ir"],
        "evmVersion": profile["evm_version"],
        "metadata": {"bytecodeHash": profile["bytecode_hash"], "appendCBOR": profile["cbor_metadata"]},
    }


def _request() -> dict[str, Any]:
    return {
        "language": "Solidity",
        "sources": {path: {"content": (ROOT / path).read_text()} for path in SOURCES.values()},
        "settings": {**compiler_settings(), "outputSelection": {"*": {"*": OUTPUTS}}},
    }


def _digest(request: dict[str, Any]) -> str:
    """Of all that the answer depends on: package-lock.json pins the compiler and the libraries."""
    imported = [path for folder in ("src", "mocks") for path in sorted((ROOT / "contracts" / folder).rglob("*.sol"))]
    texts = [path.read_text() for path in (ROOT / "package-lock.json", *imported)]
    names = [str(path.relative_to(ROOT)) for path in imported]
    return hashlib.sha256(json.dumps([VERSION, request, names, texts]).encode()).hexdigest()


def _compile(request: dict[str, Any], digest: str) -> dict[str, Any]:
    import solcx

    print("compiling the contracts, about 20 s", file=sys.stderr, flush=True)
    os.environ["SOLCX_BINARY_PATH"] = str(solc_binary().parent)
    answer = solcx.compile_standard(request, base_path=ROOT, solc_version=VERSION)
    contracts: dict[str, Any] = answer["contracts"]
    # Written beside and renamed, since two checks may write at once.
    fresh = ANSWER.with_name(f"{ANSWER.name}.{os.getpid()}")
    fresh.write_text(json.dumps({"digest": digest, "contracts": contracts}))
    fresh.replace(ANSWER)
    return contracts


def _is_committed(name: str, text: str) -> bool:
    path = ARTIFACTS / f"{name}.json"
    return path.exists() and path.read_text() == text


def _artifact(name: str, contract: dict[str, Any], settings: dict[str, Any]) -> str:
    artifact = {
        "contractName": name,
        "compiler": f"solc {VERSION}",
        "settings": {key: value for key, value in settings.items() if key != "outputSelection"},
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + contract["evm"]["deployedBytecode"]["object"],
    }
    return json.dumps(artifact, indent=1) + "\n"


if __name__ == "__main__":
    main()
