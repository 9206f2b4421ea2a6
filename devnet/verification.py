"""What a block explorer needs to verify a deployment, recorded beside it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from devnet.public_deploy import Deployed
from devnet.release import Step, encoded_arguments
from devnet.solc import LONG_VERSION
from devnet.sources import SOURCES, compiler_request


def record_verification(folder: Path, deployed: Deployed) -> Path:
    """Writes `verification/NAME.json` (the compiler's standard JSON) for each contract, and `contracts.json`."""
    (folder / "verification").mkdir(parents=True, exist_ok=True)
    for step in deployed.steps:
        (folder / standard_json(step)).write_text(json.dumps(compiler_request(step.name), indent=1) + "\n")
    record = folder / "contracts.json"
    record.write_text(json.dumps(described(deployed), indent=2) + "\n")
    return record


def described(deployed: Deployed) -> dict[str, Any]:
    return {
        "chain_id": deployed.deployment.chain_id,
        "deployer": deployed.deployer,
        "parameters": asdict(deployed.parameters),
        "contracts": {step.name: described_contract(step) for step in deployed.steps},
    }


def described_contract(step: Step) -> dict[str, Any]:
    """`constructor_arguments_encoded` is without 0x, as explorers ask for it."""
    settings = compiler_request(step.name)["settings"]
    return {
        "address": step.address,
        "contract": f"{SOURCES[step.name].path}:{step.name}",
        "compiler": f"v{LONG_VERSION}",
        "optimizer_runs": settings["optimizer"]["runs"],
        "via_ir": settings["viaIR"],
        "evm_version": settings["evmVersion"],
        "constructor_arguments": [asdict(argument) for argument in step.arguments],
        "constructor_arguments_encoded": encoded_arguments(step.arguments),
        "standard_json": standard_json(step),
    }


def standard_json(step: Step) -> str:
    return f"verification/{step.name}.json"
