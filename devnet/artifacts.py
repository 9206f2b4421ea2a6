"""The committed artifacts: ABI and bytecode, so that running needs no compiler.

`python -m devnet.artifacts [NAME...]` writes them anew. Each contract is compiled by itself, so that an edit
recompiles only what imports it and no contract's bytes depend on what else is shipped.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from devnet.binaries import ROOT
from devnet.solc import VERSION, solc_binary
from devnet.sources import SOURCES, compiler_request

ARTIFACTS = ROOT / "contracts" / "artifacts"
# The compiler's last answer for each contract, so that forge's check and ape's compile the same sources once.
ANSWERS = ROOT / ".cache" / "solc" / "answers"
# EIP-170 allows 24,576.
MAX_BYTES = 24_000


def main(names: list[str]) -> int:
    """The exit code: 1 where a contract is too long to be deployed."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    sizes = {name: write_artifact(name) for name in names or SOURCES}
    too_long = [name for name, size in sizes.items() if size >= MAX_BYTES]
    for name in too_long:
        print(f"{name} is {sizes[name] - MAX_BYTES + 1:,} bytes too long: fewer optimizer runs?", file=sys.stderr)
    return 1 if too_long else 0


def write_artifact(name: str) -> int:
    """Its runtime code's size in bytes."""
    text = compiled(name)
    (ARTIFACTS / f"{name}.json").write_text(text)
    size = runtime_bytes(text)
    print(f"{name:20} {size:>7,} bytes of {MAX_BYTES:,}, {SOURCES[name].runs:,} optimizer runs", flush=True)
    return size


def outdated() -> list[str]:
    """The contracts whose committed artifact is not, byte for byte, what the sources compile to. Raises as compiled."""
    return [name for name in SOURCES if not is_committed(name, compiled(name))]


def compiled(name: str) -> str:
    """The text of a contract's artifact file. Raises solcx's SolcError where a source does not compile."""
    request = compiler_request(name)
    return artifact_text(name, request["settings"], answer(name, request))


def runtime_bytes(artifact: str) -> int:
    return len(json.loads(artifact)["deployedBytecode"]) // 2 - 1


def answer(name: str, request: dict[str, Any]) -> dict[str, Any]:
    """What the compiler says of one contract, kept while its request stays the same."""
    digest = hashlib.sha256(json.dumps([VERSION, request]).encode()).hexdigest()
    file = ANSWERS / f"{name}.json"
    kept = json.loads(file.read_text()) if file.exists() else {}
    if kept.get("digest") == digest:
        return dict(kept["contract"])
    contract = compile_contract(name, request)
    keep(file, {"digest": digest, "contract": contract})
    return contract


def compile_contract(name: str, request: dict[str, Any]) -> dict[str, Any]:
    import solcx

    print(f"compiling {name}", file=sys.stderr, flush=True)
    os.environ["SOLCX_BINARY_PATH"] = str(solc_binary().parent)
    contracts = solcx.compile_standard(request, solc_version=VERSION)["contracts"]
    return dict(contracts[SOURCES[name].path][name])


def keep(file: Path, value: object) -> None:
    """Written beside and renamed, since two checks may write at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.write_text(json.dumps(value))
    fresh.replace(file)


def is_committed(name: str, text: str) -> bool:
    path = ARTIFACTS / f"{name}.json"
    return path.exists() and path.read_text() == text


def artifact_text(name: str, settings: dict[str, Any], contract: dict[str, Any]) -> str:
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
    sys.exit(main(sys.argv[1:]))
