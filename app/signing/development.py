"""The keys that everybody has: those of the mnemonic that every development chain starts with."""

from functools import cache

from eth_account import Account

MNEMONIC = "test test test test test test test test test test test junk"
PUBLISHED_KEYS = 50


def is_development_key(key: bytes) -> bool:
    """Whether it is one of the first keys of the published mnemonic (Anvil's, Hardhat's)."""
    return key in development_keys()


@cache
def development_keys() -> frozenset[bytes]:
    Account.enable_unaudited_hdwallet_features()
    paths = (f"m/44'/60'/0'/0/{number}" for number in range(PUBLISHED_KEYS))
    return frozenset(bytes(Account.from_mnemonic(MNEMONIC, account_path=path).key) for path in paths)
