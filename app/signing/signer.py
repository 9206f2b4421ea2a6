"""Who signs the platform's transactions: an account, and a way to its key."""

from collections.abc import Sequence
from typing import Protocol

import coincurve
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from app.database import Address
from app.signing.envelope import Signed, Unsigned, assembled


class Signer(Protocol):
    """Behind it may be a file, a keystore, or a service that lets no key out."""

    @property
    def address(self) -> Address: ...

    async def sign(self, transactions: Sequence[Unsigned]) -> list[Signed]:
        """All of them, in their order. Raises SignerUnavailable, SignerRefused."""
        ...


class LocalSigner:
    """A key in this process's memory."""

    def __init__(self, key: bytes) -> None:
        """Raises ValueError for what is no key."""
        self._key = coincurve.PrivateKey(key)
        self._address = address_of(self._key.public_key)

    @property
    def address(self) -> Address:
        return self._address

    async def sign(self, transactions: Sequence[Unsigned]) -> list[Signed]:
        return [assembled(each, self.signature(each.digest)) for each in transactions]

    def signature(self, digest: bytes) -> bytes:
        """r, s and the parity of y; the same digest gives the same bytes (RFC 6979)."""
        return bytes(self._key.sign_recoverable(digest, hasher=None))


def address_of(key: coincurve.PublicKey) -> Address:
    return Address(to_checksum_address(keccak(key.format(compressed=False)[1:])[12:]))


def signer_of(digest: bytes, signature: bytes) -> Address | None:
    """Whose signature it is; None where it is nobody's."""
    try:
        return address_of(coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None))
    except Exception:  # coincurve raises kinds of its own for points that do not exist
        return None
