"""Puts the contracts on a development chain and gives its people money."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from devnet.keys import Role, role_key
from devnet.release import (
    DeploymentFailed,
    Parameters,
    create_address,
    creation_code,
    function_abi,
    release_steps,
)
from devnet.rpc import Chain, calldata

VERSION = "1"
FEE_BPS = 100
LOCAL_CHAIN_IDS = frozenset({31337})
# The deployer creates these by himself, first: he owns the token.
MOCKS = ("MockUSDC", "MockPermit2")
CREATION_GAS = 12_000_000
RELAYER_WEI = 100 * 10**18


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
    """A set of its own each time, since the token is another; in one wave, since all addresses are known."""
    start_block, key = chain.block_number() + 1, role_key(Role.DEPLOYER)
    nonce = int(chain.ask("eth_getTransactionCount", key.address, "latest"), 16)
    mocks = {name: create_address(key.address, nonce + place) for place, name in enumerate(MOCKS)}
    steps = release_steps(key.address, development_parameters(mocks))
    contracts = mocks | {step.name: step.address for step in steps}
    sent: list[dict[str, Any]] = [{"data": creation_code(name), "gas": CREATION_GAS} for name in MOCKS]
    sent += [
        {"to": step.to, "data": step.data, "gas": CREATION_GAS} for step in steps if chain.code(step.address) == "0x"
    ]
    chain.send_all(key, [*sent, allow_minting(contracts["MockUSDC"])])
    hashes = {name: code_hash(chain, address) for name, address in contracts.items()}
    return Deployment(chain_id, start_block, chain.block_hash(start_block) or "", contracts, hashes)


def development_parameters(mocks: Mapping[str, str]) -> Parameters:
    return Parameters(
        token=mocks["MockUSDC"],
        permit2=mocks["MockPermit2"],
        guardian=role_key(Role.GUARDIAN).address,
        fee_owner=role_key(Role.FEE_OWNER).address,
        fee_bps=FEE_BPS,
    )


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


def allow_minting(token: str) -> dict[str, Any]:
    """The transaction by which the deployer, who owns the token, becomes a minter."""
    data = calldata(function_abi("MockUSDC", "configureMinter"), [role_key(Role.DEPLOYER).address, 2**255])
    return {"to": token, "data": data, "gas": 200_000}


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
