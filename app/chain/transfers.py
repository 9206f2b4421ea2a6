"""What a mined transaction moved of the token (ERC-20's Transfer)."""

from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from app.chain.json_rpc import receipt_of
from app.database import Address, Hash32, TxHash

TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()


@dataclass(frozen=True)
class Transfer:
    """Base units from one address to another."""

    source: Address
    to: Address
    amount: int


@dataclass(frozen=True)
class Mined:
    """Where a transaction is, whether it did what it was for, and what it moved."""

    block_number: int
    block_hash: Hash32
    succeeded: bool
    transfers: tuple[Transfer, ...]


def mined_of(token: Address, answer: Any) -> Mined | None:
    """What a receipt says; None where the transaction is in no block. Raises what a malformed one makes of it."""
    if answer is None:
        return None
    receipt = receipt_of(TxHash(Hash32(answer["transactionHash"])), answer)
    if receipt is None:
        return None
    moved = tuple(transfer_of(log) for log in answer["logs"] if is_transfer(token, log))
    return Mined(receipt.block_number, receipt.block_hash, receipt.succeeded, moved)


def is_transfer(token: Address, log: Any) -> bool:
    topics = log["topics"]
    return str(log["address"]).lower() == token.lower() and len(topics) == 3 and topics[0].lower() == TRANSFER


def transfer_of(log: Any) -> Transfer:
    _, source, to = log["topics"]
    return Transfer(address_of(source), address_of(to), int(log["data"], 16))


def address_of(topic: str) -> Address:
    return Address(to_checksum_address("0x" + topic[-40:]))
