"""Where keys come from: `file:PATH`, `keystore:PATH`, `env:NAME`, `signer:URL`; a bare path is a file.

What a source holds is never shown: an error names the source and what is wrong with it.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from app.errors import SettingRefused
from app.signing.development import is_development_key
from app.signing.remote import RemoteSigner
from app.signing.signer import LocalSigner, Signer

KINDS = ("file", "keystore", "env", "signer")


@dataclass(frozen=True)
class KeyRing:
    """What is needed beside the sources."""

    keystore_password_file: Path | None = None
    signer_token_file: Path | None = None
    production: bool = False


async def open_signer(source: str, ring: KeyRing) -> Signer:
    """The signer of one source. Raises SettingRefused, and SignerUnavailable where a service does not answer."""
    kind, colon, place = source.partition(":")
    if not colon or kind not in KINDS:
        kind, place = "file", source
    if kind == "signer":
        return await RemoteSigner.open(place, token(ring))
    return local_signer(source, {"file": of_file, "env": of_environment, "keystore": of_keystore}[kind](place, ring))


def read_account(path: Path, *, production: bool) -> LocalAccount:
    """The account of a key file, for what is signed as typed data. Raises SettingRefused."""
    account: LocalAccount = Account.from_key(of_file(str(path), KeyRing(production=production)))
    return account


def local_signer(name: str, key: bytes) -> LocalSigner:
    """Raises SettingRefused, without a word of the key."""
    try:
        return LocalSigner(key)
    except ValueError:
        raise SettingRefused(name=name, reason="this is no private key") from None


def of_file(place: str, ring: KeyRing) -> bytes:
    """One hexadecimal key."""
    return of_text(place, secret_text(Path(place)), ring)


def of_environment(name: str, ring: KeyRing) -> bytes:
    """One hexadecimal key in a variable."""
    text = os.environ.get(name)
    if not text:
        raise SettingRefused(name=name, reason="this variable, which a key source names, is not set")
    return of_text(name, text, ring)


def of_text(name: str, text: str, ring: KeyRing) -> bytes:
    try:
        key = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        raise SettingRefused(name=name, reason="this holds no private key") from None
    if len(key) != 32:
        raise SettingRefused(name=name, reason="this holds no private key")
    return refuse_development(name, key, ring)


def of_keystore(place: str, ring: KeyRing) -> bytes:
    """A Web3 secret storage file (version 3), opened with the password of its own file."""
    if ring.keystore_password_file is None:
        raise SettingRefused(name="KEYSTORE_PASSWORD_FILE", reason="a keystore needs the file with its password")
    password = secret_text(ring.keystore_password_file)
    try:
        key = bytes(Account.decrypt(json.loads(secret_text(Path(place))), password))
    except (ValueError, KeyError, TypeError):
        raise SettingRefused(name=place, reason="this is no keystore that the password opens") from None
    return refuse_development(place, key, ring)


def refuse_development(name: str, key: bytes, ring: KeyRing) -> bytes:
    """Everybody has the keys of the development chain."""
    if ring.production and is_development_key(key):
        raise SettingRefused(name=name, reason="this is a key of the development chain, which everybody has")
    return key


def token(ring: KeyRing) -> str:
    """What the signer's service knows its clients by."""
    if ring.signer_token_file is None:
        raise SettingRefused(name="SIGNER_TOKEN_FILE", reason="a signer needs the file with its token")
    return secret_text(ring.signer_token_file)


def secret_text(path: Path) -> str:
    """A file that its owner alone may read. Raises SettingRefused."""
    try:
        if path.stat().st_mode & 0o077:
            raise SettingRefused(name=str(path), reason="a key file must be readable by its owner alone (chmod 600)")
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingRefused(name=str(path), reason=f"it cannot be read ({type(error).__name__})") from None
