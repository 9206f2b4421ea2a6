"""Where the contracts are: read once at start from the file that the deployment wrote."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.address import is_checksum_address

from app.database import Address
from app.errors import DeploymentMalformed


@dataclass(frozen=True)
class Deployment:
    """One immutable set of contracts; `chain_id` is that of the deployment and part of every task id.

    `channels` is None in the file of a deployment that has none.
    """

    chain_id: int
    start_block: int
    token: Address
    identity: Address
    escrow: Address
    reputation: Address
    version: str = "1"
    channels: Address | None = None


def load(path: Path) -> Deployment:
    """Reads DEPLOYMENT_FILE. Raises DeploymentMalformed, and OSError where the file cannot be read."""
    try:
        document = json.loads(path.read_text())
        contracts = document["contracts"]
        return Deployment(
            chain_id=int(document["chain_id"]),
            start_block=int(document["start_block"]),
            token=token_of(contracts),
            identity=address_of(contracts, "IdentityRegistry"),
            escrow=address_of(contracts, "TaskEscrow"),
            reputation=address_of(contracts, "ReputationRegistry"),
            version=str(document.get("version", "1")),
            channels=optional_address(contracts, "PaymentChannel"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DeploymentMalformed(path=str(path), reason=repr(error)) from error


def token_of(contracts: dict[str, Any]) -> Address:
    """The network's own USDC, or the mock of a development chain."""
    return address_of(contracts, "USDC" if "USDC" in contracts else "MockUSDC")


def optional_address(contracts: dict[str, Any], name: str) -> Address | None:
    return address_of(contracts, name) if name in contracts else None


def address_of(contracts: dict[str, Any], name: str) -> Address:
    value = contracts[name]
    if not is_checksum_address(value):
        raise ValueError(f"{name} is not a checksummed address")
    return Address(value)
