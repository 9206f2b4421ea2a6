"""The bloom filter of a header (Yellow Paper, section 4.4.3): tells that a block may hold an address's logs.

`eth_getLogs` behind a lagging node may answer with nothing; a header that says otherwise gives it away.
"""

from dataclasses import dataclass
from functools import lru_cache

from eth_utils.crypto import keccak

BLOOM_BITS = 2048


@dataclass(frozen=True, slots=True)
class Bloom:
    """256 bytes of a header."""

    bits: bytes

    def may_hold(self, address: bytes) -> bool:
        """False means that the block certainly has no log of the address."""
        mask = bits_of(address)
        return int.from_bytes(self.bits) & mask == mask


@lru_cache(maxsize=64)
def bits_of(value: bytes) -> int:
    """The three bits that a value sets."""
    digest = keccak(value)
    mask = 0
    for at in (0, 2, 4):
        mask |= 1 << int.from_bytes(digest[at : at + 2]) % BLOOM_BITS
    return mask
