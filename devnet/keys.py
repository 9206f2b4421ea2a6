"""Development keys: worthless, known to everybody, the same on every development chain."""

import secrets
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

MNEMONIC = "test test test test test test test test test test test junk"


class Role(IntEnum):
    """The place of each fixed role in the derivation path m/44'/60'/0'/0/N."""

    DEPLOYER = 0
    RELAYER = 1
    AUCTIONEER = 2
    ARBITER = 3
    GUARDIAN = 4
    FEE_OWNER = 5
    SEQUENCER = 100
    OPERATOR = 101
    """These sign and send nothing, so nobody has to fund them."""


FIRST_PARTICIPANT = 6


@dataclass(frozen=True)
class DevelopmentKey:
    address: str
    private_key: str


def role_key(role: Role) -> DevelopmentKey:
    return derive(int(role))


def participant_key(number: int) -> DevelopmentKey:
    """The key of participant 0, 1, 2 and so on; Anvil funds the first 24 with ether."""
    return derive(FIRST_PARTICIPANT + number)


def derive(index: int) -> DevelopmentKey:
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return DevelopmentKey(address=account.address, private_key="0x" + bytes(account.key).hex())


def write_key_file(folder: Path, name: str, key: DevelopmentKey) -> Path:
    """Writes `folder/NAME.key` (0x and 64 hex digits), readable by its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.key"
    path.touch(0o600)
    path.chmod(0o600)
    path.write_text(key.private_key + "\n")
    return path


def write_token_keys(folder: Path) -> Path:
    """Writes `folder/tokens.keys` with a new random key, or keeps the one that is there: sessions outlive a restart."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "tokens.keys"
    if not path.exists():
        path.touch(0o600)
        path.write_text(f"first {secrets.token_hex(32)}\n")
    return path
