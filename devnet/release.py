"""What is deployed, and where: every address is known before the first transaction.

The contracts come through Create3Factory, which lies at one address wherever the deterministic deployment proxy does.
A contract's address depends on the deployer and on a salt, and the salt on all the code and on the parameters: other
code or another guardian means other addresses, the same ones mean that what is there already may be kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import rlp
from eth_abi.abi import encode
from eth_utils.abi import function_abi_to_4byte_selector
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from devnet.binaries import ROOT

ARTIFACTS = ROOT / "contracts" / "artifacts"
# https://github.com/Arachnid/deterministic-deployment-proxy: on Polygon, on Amoy, and in Anvil from its first block.
DEPLOYMENT_PROXY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
# Where Uniswap's Permit2 lies on public chains.
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
FACTORY = "Create3Factory"
# In the order of their transactions: first the one that refuses parameters; the channel asks the escrow for its token.
NAMES = ("TaskEscrow", "IdentityRegistry", "ReputationRegistry", "PaymentChannel", "SplitterFactory")
# What solady's CREATE3 runs at a salt; it creates the contract as its first.
CREATE3_PROXY_CODE_HASH = keccak(bytes.fromhex("67363d3d37363d34f03d5260086018f3"))


class DeploymentFailed(Exception):
    """The contracts cannot be put on this chain; the message says what to do."""


@dataclass(frozen=True)
class Parameters:
    """What constructors are told from outside. `salt` tells deployments of the same code and parameters apart."""

    token: str
    permit2: str
    guardian: str
    fee_owner: str
    fee_bps: int
    salt: str = ""


@dataclass(frozen=True)
class Argument:
    name: str
    type: str
    value: str | int


@dataclass(frozen=True)
class Step:
    """One transaction to `to` that puts a contract at `address`."""

    name: str
    address: str
    arguments: tuple[Argument, ...]
    to: str
    data: str


def release_steps(deployer: str, parameters: Parameters) -> list[Step]:
    """The factory, then every contract. Raises DeploymentFailed where a constructor takes what is not known."""
    factory = factory_step()
    codes = [artifact(name)["bytecode"] for name in (FACTORY, *NAMES)]
    salts = {name: contract_salt(name, codes, parameters) for name in NAMES}
    addresses = {name: create3_address(factory.address, deployer, salts[name]) for name in NAMES}
    return [factory, *(contract_step(factory.address, n, addresses, salts[n], parameters) for n in NAMES)]


def factory_step() -> Step:
    code = bytes.fromhex(artifact(FACTORY)["bytecode"][2:])
    address = create2_address(DEPLOYMENT_PROXY, bytes(32), keccak(code))
    return Step(FACTORY, address, (), DEPLOYMENT_PROXY, "0x" + (bytes(32) + code).hex())


def contract_step(factory: str, name: str, addresses: Mapping[str, str], salt: bytes, parameters: Parameters) -> Step:
    arguments = constructor_arguments(name, addresses, parameters)
    code = bytes.fromhex(creation_code(name, arguments)[2:])
    selector = function_abi_to_4byte_selector(function_abi(FACTORY, "deploy"))  # type: ignore[arg-type]  # a JSON ABI
    data = selector + encode(["bytes32", "bytes"], [salt, code])
    return Step(name, addresses[name], arguments, factory, "0x" + data.hex())


def contract_salt(name: str, codes: Sequence[str], parameters: Parameters) -> bytes:
    """Of this contract's name, of every contract's code and of the parameters."""
    return keccak(json.dumps([name, codes, asdict(parameters)]).encode())


def create3_address(factory: str, deployer: str, salt: bytes) -> str:
    """As Create3Factory.addressOf."""
    bound = keccak(encode(["address", "bytes32"], [deployer, salt]))
    return create_address(create2_address(factory, bound, CREATE3_PROXY_CODE_HASH), 1)


def create2_address(creator: str, salt: bytes, code_hash: bytes) -> str:
    """EIP-1014."""
    return to_checksum_address(keccak(b"\xff" + to_canonical_address(creator) + salt + code_hash)[12:])


def create_address(creator: str, nonce: int) -> str:
    return to_checksum_address(keccak(rlp.encode([to_canonical_address(creator), nonce]))[12:])


def constructor_arguments(name: str, addresses: Mapping[str, str], parameters: Parameters) -> tuple[Argument, ...]:
    """By name, so that a constructor may reorder its parameters but never silently change their meaning."""
    known: dict[str, str | int] = {
        "token": parameters.token,
        "permit2": parameters.permit2,
        "guardian": parameters.guardian,
        "feeOwner": parameters.fee_owner,
        "feeBps": parameters.fee_bps,
        "identityRegistry": addresses["IdentityRegistry"],
        "reputationRegistry": addresses["ReputationRegistry"],
        "escrow": addresses["TaskEscrow"],
    }
    entries = constructor_inputs(name)
    unknown = [entry["name"] for entry in entries if entry["name"].strip("_") not in known]
    if unknown:
        raise DeploymentFailed(f"the constructor of {name} takes {', '.join(unknown)}, of which nothing is known")
    return tuple(Argument(e["name"].strip("_"), e["type"], known[e["name"].strip("_")]) for e in entries)


def creation_code(name: str, arguments: tuple[Argument, ...] = ()) -> str:
    return str(artifact(name)["bytecode"]) + encoded_arguments(arguments)


def encoded_arguments(arguments: tuple[Argument, ...]) -> str:
    """Hex digits without 0x, as explorers take them."""
    return encode([argument.type for argument in arguments], [argument.value for argument in arguments]).hex()


def constructor_inputs(name: str) -> list[dict[str, Any]]:
    constructor: dict[str, Any] = next((e for e in artifact(name)["abi"] if e["type"] == "constructor"), {"inputs": []})
    return list(constructor["inputs"])


def is_code_of(name: str, code: str) -> bool:
    """Whether code on a chain is an artifact's. Constructors write immutable values only where the artifact has zeros;
    what these are is asked of the contract itself."""
    expected, actual = bytes.fromhex(artifact(name)["deployedBytecode"][2:]), bytes.fromhex(code[2:])
    return len(expected) == len(actual) and all(e in (0, a) for e, a in zip(expected, actual, strict=True))


def function_abi(contract: str, name: str) -> dict[str, Any]:
    found = [e for e in artifact(contract)["abi"] if e["type"] == "function" and e["name"] == name]
    if len(found) != 1:
        raise DeploymentFailed(f"{contract} has {len(found)} functions named {name}; rebuild with scripts/artifacts")
    return dict(found[0])


@cache
def artifact(name: str) -> dict[str, Any]:
    return dict(json.loads((ARTIFACTS / f"{name}.json").read_text()))
