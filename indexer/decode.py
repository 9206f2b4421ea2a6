"""From raw logs to events, by address and topic."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from app.chain.contracts import abi
from app.chain.deployment import Deployment
from app.chain.events import ChainEvent
from indexer.generated import ReadLog, reader_of
from indexer.slicers import DirtyLog


class Contract(StrEnum):
    """The mirrored contracts, by the names of their artifacts."""

    ESCROW = "TaskEscrow"
    IDENTITY = "IdentityRegistry"
    REPUTATION = "ReputationRegistry"
    CHANNELS = "PaymentChannel"


class RawLog(NamedTuple):
    """A log as the node gave it, in bytes; the fields stand in the order of its table's columns."""

    block_number: int
    log_index: int
    block_hash: bytes
    tx_hash: bytes
    tx_index: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A log that is no known event of its contract, or not in its form."""

    log: RawLog
    reason: str


class Reader(NamedTuple):
    """How one event of one contract is read."""

    contract: Contract
    name: str
    read: ReadLog
    kind: str
    """`Contract.Name`."""


class Decoded(NamedTuple):
    reader: Reader
    event: ChainEvent


@dataclass(frozen=True)
class Decoder:
    """The readers of one deployment, by address and topic."""

    contracts: Mapping[bytes, Contract]
    readers: Mapping[bytes, Mapping[bytes, Reader]]

    @property
    def addresses(self) -> tuple[bytes, ...]:
        """Whose logs are mirrored."""
        return tuple(self.contracts)

    def decode(self, log: RawLog, timestamp: int) -> Decoded | Quarantined:
        """One log of a block at `timestamp`."""
        readers = self.readers.get(log.address)
        if readers is None:
            return Quarantined(log, "the address is none of the deployment's")
        reader = readers.get(log.topics[0]) if log.topics else None
        if reader is None:
            return Quarantined(log, f"the topic is no event of {self.contracts[log.address]}")
        try:
            args = reader.read(log.topics, log.data)
        except DirtyLog as dirty:
            return Quarantined(log, str(dirty))
        event = ChainEvent(log.block_number, log.log_index, "0x" + log.tx_hash.hex(), timestamp, reader.name, args)
        return Decoded(reader, event)


@cache
def decoder_for(deployment: Deployment) -> Decoder:
    """The decoder of a deployment's contracts, from the committed ABIs."""
    addresses = {
        Contract.ESCROW: deployment.escrow,
        Contract.IDENTITY: deployment.identity,
        Contract.REPUTATION: deployment.reputation,
    }
    if deployment.channels is not None:
        addresses[Contract.CHANNELS] = deployment.channels
    contracts = {bytes.fromhex(address[2:]): contract for contract, address in addresses.items()}
    return Decoder(contracts, {address: readers_of(contract) for address, contract in contracts.items()})


@cache
def readers_of(contract: Contract) -> Mapping[bytes, Reader]:
    """A contract's readers by topic; generated once."""
    made = (reader_of(entry) for entry in abi(contract) if entry["type"] == "event")
    return {slicer.topic: Reader(contract, slicer.name, read, f"{contract}.{slicer.name}") for slicer, read in made}
