"""An EIP-1559 transaction (type 2) that calls a contract: its bytes, and what a key signs of it.

It carries no ether: whoever signs such a thing can lose gas money and nothing else.
"""

from dataclasses import dataclass

import rlp
from eth_utils.crypto import keccak

from app.database import Address, Hash32, TxHash

TYPE = b"\x02"


@dataclass(frozen=True, slots=True)
class Unsigned:
    """`max_fee` and `tip` are wei for each gas."""

    chain_id: int
    nonce: int
    max_fee: int
    tip: int
    gas: int
    to: Address
    data: bytes

    @property
    def fields(self) -> list[object]:
        """In the standard's order; no ether and no access list."""
        to = bytes.fromhex(self.to[2:])
        return [self.chain_id, self.nonce, self.tip, self.max_fee, self.gas, to, 0, self.data, []]

    @property
    def digest(self) -> bytes:
        """What is signed."""
        return keccak(TYPE + rlp.encode(self.fields))


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction as it is sent."""

    hash: TxHash
    raw: bytes


def assembled(unsigned: Unsigned, signature: bytes) -> Signed:
    """With a signature of 65 bytes: r, s, and the parity of y (0 or 1)."""
    r, s, parity = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]), signature[64]
    raw = TYPE + rlp.encode([*unsigned.fields, parity, r, s])
    return Signed(TxHash(Hash32("0x" + keccak(raw).hex())), raw)
