"""Puts the contracts on a development chain and gives its people money. `python -m devnet.deploy --help`."""

import argparse
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import rlp  # type: ignore[import-untyped]  # publishes no types
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from devnet.binaries import ROOT
from devnet.keys import Role, role_key
from devnet.rpc import Chain, calldata

VERSION = "1"
FEE_BPS = 100
LOCAL_CHAIN_IDS = frozenset({31337})
# Each wave needs the addresses of the one before.
WAVES = (("MockUSDC", "IdentityRegistry"), ("TaskEscrow",), ("ReputationRegistry",))
NAMES = tuple(name for wave in WAVES for name in wave)
# Where it lies on public chains.
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
ARTIFACTS = ROOT / "contracts" / "artifacts"
RELAYER_WEI = 100 * 10**18


class DeploymentFailed(Exception):
    """The contracts cannot be put on this chain; the message says what to do."""


@dataclass(frozen=True)
class Deployment:
    """`code_hashes` are SHA-256 of the code on chain: a chain that was replaced is told by them."""

    chain_id: int
    start_block: int
    start_block_hash: str
    contracts: dict[str, str]
    code_hashes: dict[str, str]
    version: str = VERSION


def deploy(rpc_url: str, file: Path) -> Deployment:
    """Deploys with the development keys and writes `file`, or answers what `file` records if it is on the chain.

    Raises DeploymentFailed, RpcFailed, httpx.HTTPError.
    """
    with Chain(rpc_url) as chain:
        chain_id = chain.chain_id()
        if chain_id not in LOCAL_CHAIN_IDS:
            raise DeploymentFailed(f"chain {chain_id} is not a development chain; these keys are public")
        recorded = read_deployment(file)
        if recorded is not None and is_on_chain(chain, recorded):
            return recorded
        deployment = deploy_all(chain, chain_id)
        write_deployment(file, deployment)
        return deployment


def deploy_all(chain: Chain, chain_id: int) -> Deployment:
    start_block = chain.block_number() + 1
    contracts: dict[str, str] = {}
    known = {
        "ReputationRegistry": next_address(chain, role_key(Role.DEPLOYER).address, NAMES.index("ReputationRegistry"))
    }
    for wave in WAVES:
        sent = [{"data": creation_code(name, known | contracts), "gas": 12_000_000} for name in wave]
        receipts = chain.send_all(role_key(Role.DEPLOYER), sent)
        contracts |= {n: to_checksum_address(r.contract) for n, r in zip(wave, receipts, strict=True) if r.contract}
    allow_minting(chain, contracts["MockUSDC"])
    hashes = {name: code_hash(chain, address) for name, address in contracts.items()}
    return Deployment(chain_id, start_block, chain.block_hash(start_block) or "", contracts, hashes)


def next_address(chain: Chain, deployer: str, later: int) -> str:
    """The address of what `deployer` creates `later` transactions after its next one."""
    nonce = int(chain.ask("eth_getTransactionCount", deployer, "latest"), 16) + later
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(deployer[2:]), nonce]))[12:])


def fund(rpc_url: str, deployment: Deployment, addresses: Sequence[str], amount: int) -> None:
    """Mints `amount` base units of MockUSDC to each address, and fills the relayer's ether."""
    token, abi = deployment.contracts["MockUSDC"], function_abi("MockUSDC", "mint")
    mints: list[dict[str, Any]] = [
        {"to": token, "data": calldata(abi, [address, amount]), "gas": 200_000} for address in addresses
    ]
    with Chain(rpc_url) as chain:
        relayer = role_key(Role.RELAYER).address
        if int(chain.ask("eth_getBalance", relayer, "latest"), 16) < RELAYER_WEI:
            mints.append({"to": relayer, "value": RELAYER_WEI, "gas": 21_000})
        chain.send_all(role_key(Role.DEPLOYER), mints)


def allow_minting(chain: Chain, token: str) -> None:
    data = calldata(function_abi("MockUSDC", "configureMinter"), [role_key(Role.DEPLOYER).address, 2**255])
    chain.send_all(role_key(Role.DEPLOYER), [{"to": token, "data": data, "gas": 200_000}])


def creation_code(name: str, contracts: Mapping[str, str]) -> str:
    constructor: dict[str, Any] = next((e for e in artifact(name)["abi"] if e["type"] == "constructor"), {"inputs": []})
    values = [constructor_value(name, entry["name"], contracts) for entry in constructor["inputs"]]
    types = [entry["type"] for entry in constructor["inputs"]]
    return str(artifact(name)["bytecode"]) + encode(types, values).hex()


def constructor_value(contract: str, parameter: str, contracts: Mapping[str, str]) -> object:
    """By name, so that a constructor may reorder its parameters but never silently change their meaning."""
    known: dict[str, object] = {
        "token": contracts.get("MockUSDC"),
        "identity": contracts.get("IdentityRegistry"),
        "identityregistry": contracts.get("IdentityRegistry"),
        "registry": contracts.get("IdentityRegistry"),
        "reputationregistry": contracts.get("ReputationRegistry"),
        "permit2": PERMIT2,
        "escrow": contracts.get("TaskEscrow"),
        "guardian": role_key(Role.GUARDIAN).address,
        "feeowner": role_key(Role.FEE_OWNER).address,
        "feebps": FEE_BPS,
        "owner": role_key(Role.DEPLOYER).address,
    }
    value = known.get(parameter.strip("_").lower())
    if value is None:
        raise DeploymentFailed(f"the constructor of {contract} takes {parameter}, which has no development value")
    return value


def is_on_chain(chain: Chain, deployment: Deployment) -> bool:
    same_chain = deployment.chain_id == chain.chain_id() and deployment.version == VERSION
    same_code = all(code_hash(chain, deployment.contracts[n]) == h for n, h in deployment.code_hashes.items())
    return same_chain and same_code and chain.block_hash(deployment.start_block) == deployment.start_block_hash


def code_hash(chain: Chain, address: str) -> str:
    return sha256(bytes.fromhex(chain.code(address)[2:])).hexdigest()


def read_deployment(file: Path) -> Deployment | None:
    return Deployment(**json.loads(file.read_text())) if file.exists() else None


def write_deployment(file: Path, deployment: Deployment) -> None:
    """At once or not at all: a reader never sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as partial:
        json.dump(asdict(deployment), partial, indent=2)
    Path(partial.name).replace(file)


def function_abi(contract: str, name: str) -> dict[str, Any]:
    found = [e for e in artifact(contract)["abi"] if e["type"] == "function" and e["name"] == name]
    if len(found) != 1:
        raise DeploymentFailed(f"{contract} has {len(found)} functions named {name}; rebuild with scripts/artifacts")
    return dict(found[0])


@cache
def artifact(name: str) -> dict[str, Any]:
    return dict(json.loads((ARTIFACTS / f"{name}.json").read_text()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/deploy", description="Deploy the contracts to a chain.")
    parser.add_argument("--network", choices=["local"], default="local", help="local is a development chain")
    parser.add_argument("--rpc-url", default=os.environ.get("RPC_URLS", "http://127.0.0.1:8545").split(",")[0])
    parser.add_argument("--file", type=Path, default=Path(".guildhall/deployment.json"), help="where it is recorded")
    options = parser.parse_args()
    deployment = deploy(options.rpc_url, options.file)
    for name, address in deployment.contracts.items():
        print(f"{name:20} {address}")


if __name__ == "__main__":
    main()
