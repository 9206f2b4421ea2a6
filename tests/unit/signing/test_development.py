"""What the application refuses in production is what the development network and the deployment know."""

from app.chain.production import USDC
from app.signing.development import MNEMONIC, PUBLISHED_KEYS, is_development_key
from devnet import keys, public_networks


def test_the_keys_that_everybody_has_are_the_networks_own() -> None:
    assert (MNEMONIC, PUBLISHED_KEYS) == (keys.MNEMONIC, public_networks.PUBLISHED_KEYS)
    assert is_development_key(bytes.fromhex(keys.derive(PUBLISHED_KEYS - 1).private_key[2:]))


def test_the_dollars_are_those_that_are_deployed_with() -> None:
    assert {network.chain_id: network.usdc for network in public_networks.PUBLIC_NETWORKS.values()} == USDC
