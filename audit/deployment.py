"""Which contracts to audit, from the deployment file."""

import json
from dataclasses import dataclass
from pathlib import Path

from audit.abi import Contract


@dataclass(frozen=True)
class Deployment:
    chain_id: int
    start_block: int
    token: Contract
    identity: Contract
    escrow: Contract
    reputation: Contract
    channels: Contract | None

    @property
    def mirrored(self) -> tuple[Contract, ...]:
        return tuple(each for each in (self.escrow, self.identity, self.reputation, self.channels) if each is not None)


def load(path: Path) -> Deployment:
    """Raises OSError, ValueError or KeyError where the file is not a deployment; one without channels is."""
    document = json.loads(path.read_text())
    places = document["contracts"]
    names = {"identity": "IdentityRegistry", "escrow": "TaskEscrow", "reputation": "ReputationRegistry"}
    contracts = {role: Contract(name, places[name]) for role, name in names.items()}
    # The mock has the interface of the real token, which is named so where the network has one.
    contracts["token"] = Contract("MockUSDC", places["USDC"] if "USDC" in places else places["MockUSDC"])
    channels = Contract("PaymentChannel", places["PaymentChannel"]) if "PaymentChannel" in places else None
    return Deployment(int(document["chain_id"]), int(document["start_block"]), **contracts, channels=channels)
