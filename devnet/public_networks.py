"""The public chains that the contracts go to, and all that a deployment refuses before it spends."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from eth_abi.abi import encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

from devnet.keys import derive
from devnet.release import DEPLOYMENT_PROXY, PERMIT2, DeploymentFailed, function_abi
from devnet.rpc import Chain, RpcFailed

# Anvil's first accounts, which include every key of this project's development chains.
PUBLISHED_KEYS = 50
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
TOKEN_READS = ("name", "symbol", "decimals", "version")


@dataclass(frozen=True)
class PublicNetwork:
    """`usdc` is Circle's native dollar there; `name` and `version` are in its EIP-712 domain."""

    chain_id: int
    usdc: str
    name: str
    symbol: str = "USDC"
    decimals: int = 6
    version: str = "2"


PUBLIC_NETWORKS = {
    "polygon": PublicNetwork(137, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "USD Coin"),
    "amoy": PublicNetwork(80002, "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582", "USDC"),
}


def require_network(chain: Chain, network: PublicNetwork) -> None:
    """Raises DeploymentFailed unless the node is of this chain, with its dollar, Permit2 and deployment proxy."""
    if (actual := chain.chain_id()) != network.chain_id:
        raise DeploymentFailed(f"the node is of chain {actual}, not {network.chain_id}")
    for name, address in (("the deployment proxy", DEPLOYMENT_PROXY), ("Permit2", PERMIT2), ("USDC", network.usdc)):
        if chain.code(address) == "0x":
            raise DeploymentFailed(f"{name} is not at {address} on chain {actual}")
    require_dollar(chain, network)


def require_dollar(chain: Chain, network: PublicNetwork) -> None:
    """Raises DeploymentFailed where the token says other things of itself than the network's dollar does."""
    expected = {read: getattr(network, read) for read in TOKEN_READS}
    expected["DOMAIN_SEPARATOR"] = domain_separator(network)
    for read, value in expected.items():
        actual = asked(chain, network.usdc, read)
        if actual != value:
            raise DeploymentFailed(f"the token {network.usdc} answers {read}() with {actual!r}, not {value!r}")


def asked(chain: Chain, token: str, read: str) -> object:
    try:
        return chain.call(token, function_abi("MockUSDC", read))[0]
    except (RpcFailed, DecodingError) as error:
        raise DeploymentFailed(f"the token {token} does not answer {read}()") from error


def domain_separator(network: PublicNetwork) -> bytes:
    """EIP-712's, of the token."""
    texts = [keccak(text=text) for text in (DOMAIN_TYPE, network.name, network.version)]
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    return keccak(encode(types, [*texts, network.chain_id, network.usdc]))


def require_own_accounts(roles: Mapping[str, str], deployer: str) -> None:
    """Raises DeploymentFailed for an address that is malformed, that two roles share, or whose key is published."""
    holders: dict[str, str] = {}
    for role, address in roles.items():
        if not is_checksum_address(address) or int(address, 16) == 0:
            raise DeploymentFailed(f"{address} is no checksummed address: {role}")
        if address in holders:
            raise DeploymentFailed(f"{role} and {holders[address]} are the same account, {address}")
        holders[address] = role
    for address in (deployer, *roles.values()):
        if address in published_accounts():
            raise DeploymentFailed(f"the key of {address} is published with every copy of Anvil")


@cache
def published_accounts() -> frozenset[str]:
    return frozenset(derive(index).address for index in range(PUBLISHED_KEYS))
