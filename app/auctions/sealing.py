"""Reveals as the database keeps them: readable with the auctioneer's key alone, all of one length.

The service checks a reveal when it comes and seals it at once (libsodium's sealed box: X25519, XSalsa20-Poly1305), so
that no dump, replica or backup shows a price before all are shown. The seed that breaks ties is made of the same key:
fixed for an auction, and nobody else's to know before it is told.
"""

import hashlib
import hmac
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount
from nacl.public import PrivateKey, PublicKey, SealedBox

from app.database import Hash32

BLOCK = 1024
SEALS, SEEDS = b"guildhall reveals 1", b"guildhall seeds 1"


@dataclass(frozen=True)
class RevealKey:
    """The public half: it seals and cannot open."""

    public: bytes

    def seal(self, text: bytes) -> bytes:
        """The sealed text, filled up to a whole number of blocks."""
        framed = len(text).to_bytes(4, "big") + text
        return bytes(SealedBox(PublicKey(self.public)).encrypt(framed + bytes(-len(framed) % BLOCK)))


@dataclass(frozen=True)
class Seal:
    """The auctioneer's half. Raises nacl.exceptions.CryptoError for what another key sealed."""

    secret: bytes

    @classmethod
    def of(cls, key: LocalAccount) -> "Seal":
        return cls(bytes(key.key))

    @property
    def reveal_key(self) -> RevealKey:
        return RevealKey(bytes(self._private.public_key))

    def open(self, sealed: bytes) -> bytes:
        framed = SealedBox(self._private).decrypt(sealed)
        return bytes(framed[4 : 4 + int.from_bytes(framed[:4], "big")])

    def seed(self, auction_id: Hash32) -> Hash32:
        """The seed of one auction."""
        key = hashlib.sha256(SEEDS + self.secret).digest()
        return Hash32("0x" + hmac.digest(key, bytes.fromhex(auction_id[2:]), "sha256").hex())

    @property
    def _private(self) -> PrivateKey:
        return PrivateKey(hashlib.sha256(SEALS + self.secret).digest())
