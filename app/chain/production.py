"""What a production process refuses to start with: the wrong dollar, or a chain that is nobody's."""

from eth_utils.address import is_checksum_address

from app.chain.deployment import Deployment
from app.config import Settings
from app.errors import SettingRefused

DEVELOPMENT_CHAINS = frozenset({1337, 31337})
USDC = {137: "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", 80002: "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582"}
"""Circle's own dollar on Polygon and Amoy (developers.circle.com, contract addresses of USDC)."""


def require_production(settings: Settings, deployment: Deployment) -> None:
    """Raises SettingRefused with the reason. Development may do as it likes."""
    if not settings.in_production:
        return
    if deployment.chain_id in DEVELOPMENT_CHAINS:
        raise SettingRefused(name="DEPLOYMENT_FILE", reason=f"chain {deployment.chain_id} is a development chain")
    expected = USDC.get(deployment.chain_id, settings.usdc_address)
    if expected is None or not is_checksum_address(expected):
        reason = f"which contract is the dollar on chain {deployment.chain_id} must be said, checksummed"
        raise SettingRefused(name="USDC_ADDRESS", reason=reason)
    if deployment.token != expected:
        reason = f"the escrow's token is {deployment.token}, and the dollar of chain {deployment.chain_id} {expected}"
        raise SettingRefused(name="DEPLOYMENT_FILE", reason=reason)
