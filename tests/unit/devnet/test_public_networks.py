"""What is known of the public chains' dollars."""

import pytest

from devnet.public_networks import PUBLIC_NETWORKS, domain_separator

# Read from the tokens on their chains.
SEPARATORS = {
    "polygon": "caa2ce1a5703ccbe253a34eb3166df60a705c561b44b192061e28f2a985be2ca",
    "amoy": "5cddc98319864e897e4469bd1d13c2288c677047b54b8cca12bd342adb6be9eb",
}


@pytest.mark.parametrize("name", PUBLIC_NETWORKS)
def test_the_dollars_domain_is_the_one_on_chain(name: str) -> None:
    assert domain_separator(PUBLIC_NETWORKS[name]).hex() == SEPARATORS[name]
