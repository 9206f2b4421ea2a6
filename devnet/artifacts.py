"""The committed artifacts: ABI and bytecode, so that running needs no compiler.

`python -m devnet.artifacts` writes them anew; settings come from foundry.toml, so that the bytes that are tested are
the bytes that are deployed.
"""

import json
import os
import tomllib
from pathlib import Path
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


def main() -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for name, text in compiled().items():
        (ARTIFACTS / f"{name}.json").write_text(text)
        print(f"contracts/artifacts/{name}.json: {len(json.loads(text)['deployedBytecode']) // 2 - 1:,} bytes")


def compiled(cache: Path | None = None) -> dict[str, str]:
    """The text of every artifact file by contract name. Raises solcx's SolcError where a source does not compile."""
    import solcx

    settings = compiler_settings()
    request = {
        "language": "Solidity",
        "sources": {path: {"content": (ROOT / path).read_text()} for path in SOURCES.values()},
        "settings": {**settings, "outputSelection": {"*": {"*": OUTPUTS}}},
    }
    os.environ["SOLCX_BINARY_PATH"] = str(solc_binary(cache).parent)
    answer = solcx.compile_standard(request, base_path=ROOT, solc_version=VERSION)
    return {name: _artifact(name, answer["contracts"][path][name], settings) for name, path in SOURCES.items()}


def compiler_settings() -> dict[str, Any]:
    """The settings of foundry.toml in the words of solc's standard JSON."""
    profile = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    return {
        "remappings": profile["remappings"],
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "viaIR": profile["via_ir"],
        "evmVersion": profile["evm_version"],
        "metadata": {"bytecodeHash": profile["bytecode_hash"], "appendCBOR": profile["cbor_metadata"]},
    }


def _artifact(name: str, contract: dict[str, Any], settings: dict[str, Any]) -> str:
    artifact = {
        "contractName": name,
        "compiler": f"solc {VERSION}",
        "settings": settings,
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + contract["evm"]["deployedBytecode"]["object"],
    }
    return json.dumps(artifact, indent=1) + "\n"


if __name__ == "__main__":
    main()
