"""Whether a wallet that may not be deployed yet approves a digest (ERC-6492): asked by eth_call, never sent.

The question is a contract that is nowhere deployed (contracts/src/queries/WalletQuery.sol): it runs the wallet's
factory where the wallet does not approve as it stands, and asks again. Nothing of that happens on the chain.
"""

from dataclasses import dataclass
from typing import Self

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address

from app.chain.contracts import creation_code
from app.chain.rpc import AsyncChain
from app.database import Address, Digest
from app.errors import CallReverted, RpcRefused

MAGIC = bytes.fromhex("6492") * 16
"""What such a signature ends with."""
QUERY_GAS = 3_000_000
"""What the factory and both questions may spend together: several times what the usual wallets cost to make."""


@dataclass(frozen=True)
class WrappedSignature:
    """A signature with the call that makes its wallet."""

    factory: Address
    preparation: bytes
    signature: bytes

    @classmethod
    def of(cls, signature: bytes) -> Self | None:
        """None where the bytes do not have this form."""
        try:
            factory, preparation, inner = decode(["address", "bytes", "bytes"], signature.removesuffix(MAGIC))
        except (DecodingError, OverflowError):
            return None
        return cls(Address(to_checksum_address(factory)), preparation, inner)


def is_wrapped(signature: bytes) -> bool:
    """Whether it says that it is of a wallet that may not be deployed."""
    return signature.endswith(MAGIC)


async def would_approve(chain: AsyncChain, wallet: Address, digest: Digest, wrapped: WrappedSignature) -> bool:
    """Raises ChainUnavailable. What the node refuses, out of gas included, is no approval."""
    types = ["address", "bytes32", "bytes", "address", "bytes"]
    asked = (wallet, bytes.fromhex(digest[2:]), wrapped.signature, wrapped.factory, wrapped.preparation)
    try:
        answer = await chain.call(None, creation_code("WalletQuery") + encode(types, asked), gas=QUERY_GAS)
    except (CallReverted, RpcRefused):
        return False
    return answer == (1).to_bytes(32)
