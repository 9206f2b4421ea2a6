"""From raw logs to events, by address and topic."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.chain.contracts import abi
from app.chain.deployment import Deployment
from app.chain.events import ChainEvent
from indexer.slicers import DirtyLog, Slicer, slicer_for


class Contract(StrEnum):
    """The mirrored contracts, by the names of their artifacts."""

    ESCROW = "TaskEscrow"
    IDENTITY = "IdentityRegistry"
    REPUTATION = "ReputationRegistry"


@dataclass(frozen=True, slots=True)
class RawLog:
    """A log as the node gave it, in bytes."""

    block_number: int
    log_index: int
    block_hash: bytes
    tx_hash: bytes
    tx_index: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    contract: Contract
    event: ChainEvent


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A log that is no known event of its contract, or not in its form."""

    log: RawLog
    reason: str


@dataclass(frozen=True)
class Decoder:
    """The slicers of one deployment."""

    contracts: Mapping[bytes, Contract]
    slicers: Mapping[Contract, Mapping[bytes, Slicer]]

    @property
    def addresses(self) -> tuple[bytes, ...]:
        """Whose logs are mirrored."""
        return tuple(self.contracts)

    def decode(self, log: RawLog, timestamp: int) -> Decoded | Quarantined:
        """One log of a block at `timestamp`."""
        contract = self.contracts.get(log.address)
        if contract is None:
            return Quarantined(log, "the address is none of the deployment's")
        slicer = self.slicers[contract].get(log.topics[0]) if log.topics else None
        if slicer is None:
            return Quarantined(log, f"the topic is no event of {contract}")
        try:
            args = slicer.args(log.topics, log.data)
        except DirtyLog as dirty:
            return Quarantined(log, str(dirty))
        tx_hash = "0x" + log.tx_hash.hex()
        return Decoded(contract, ChainEvent(log.block_number, log.log_index, tx_hash, timestamp, slicer.name, args))


def decoder_for(deployment: Deployment) -> Decoder:
    """The decoder of a deployment's contracts, from the committed ABIs."""
    addresses = {
        Contract.ESCROW: deployment.escrow,
        Contract.IDENTITY: deployment.identity,
        Contract.REPUTATION: deployment.reputation,
    }
    return Decoder(
        contracts={bytes.fromhex(address[2:]): contract for contract, address in addresses.items()},
        slicers={contract: slicers_of(contract) for contract in addresses},
    )


def slicers_of(contract: Contract) -> Mapping[bytes, Slicer]:
    """A contract's slicers by topic."""
    slicers = (slicer_for(entry) for entry in abi(contract) if entry["type"] == "event")
    return {slicer.topic: slicer for slicer in slicers}
