"""The key, which stays here: it signs and is never sent."""

import stat
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount

from sdk.errors import KeyFileRefused


class Wallet:
    """One secp256k1 key. Signatures are 65 bytes, low s, v 27 or 28, as "0x" hex."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self.address: str = account.address

    @classmethod
    def from_key_file(cls, path: Path) -> "Wallet":
        """One hex key in a file that only its owner can read; raises KeyFileRefused."""
        try:
            mode = path.stat().st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KeyFileRefused(str(path), "is open to others: chmod 600 it")
            return cls(Account.from_key(path.read_text().strip()))
        except OSError as error:
            raise KeyFileRefused(str(path), f"cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise KeyFileRefused(str(path), "holds no 32-byte hex key") from error

    def sign_typed(self, typed_data: dict[str, Any]) -> str:
        """EIP-712."""
        return self._signed(encode_typed_data(full_message=typed_data))

    def sign_text(self, text: str) -> str:
        """EIP-191 personal message, for EIP-4361 sign-in."""
        return self._signed(encode_defunct(text=text))

    def _signed(self, message: Any) -> str:
        signature: bytes = self._account.sign_message(message).signature
        return "0x" + bytes(signature).hex()

    def __repr__(self) -> str:
        return f"Wallet({self.address})"
