"""JSON-RPC as it is written: what a call asks, and what an answer says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.database import Address, Hash32, TxHash
from app.errors import CallReverted, RpcRefused

BlockTag = int | Literal["latest", "pending", "finalized", "safe", "earliest"]
Call = tuple[Any, ...]
"""A method and its parameters."""


@dataclass(frozen=True)
class BlockHeader:
    number: int
    hash: Hash32
    parent_hash: Hash32
    timestamp: int
    base_fee: int


@dataclass(frozen=True)
class Receipt:
    """Where a transaction was mined when asked; not yet the truth (a reorg may move it)."""

    tx_hash: TxHash
    block_number: int
    block_hash: Hash32
    succeeded: bool
    gas_used: int
    gas_price: int
    """Wei for each gas, tip included."""


class NoBatch(ValueError):
    """A node answered several calls with one answer: it takes no batches."""


def in_order(calls: Sequence[Call], answers: Any) -> list[Any]:
    """What was answered to each call. Raises NoBatch, and ValueError where an answer is missing."""
    if not isinstance(answers, list):
        raise NoBatch("a batch was answered by one answer")
    by_id = {answer.get("id"): answer for answer in answers if is_answer(answer)}
    if by_id.keys() != set(range(len(calls))):
        raise ValueError("a call of a batch was not answered")
    return [result_or_refusal(call[0], by_id[n]) for n, call in enumerate(calls)]


def result_or_refusal(method: str, answer: Any) -> Any:
    try:
        return result_of(method, answer)
    except (RpcRefused, CallReverted) as refused:
        return refused


def is_answer(answer: Any) -> bool:
    """Whether it has the form of JSON-RPC."""
    return isinstance(answer, dict) and ("result" in answer or isinstance(answer.get("error"), dict))


def result_of(method: str, answer: Any) -> Any:
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    message, code = str(error.get("message", ""))[:500], int(error.get("code", 0))
    data = error.get("data")
    if isinstance(data, dict):  # some nodes wrap it once more
        data = data.get("data", data.get("result"))
    if code == 3 or "revert" in message.lower():
        said = data if isinstance(data, str) and data.startswith("0x") else "0x"
        raise CallReverted(method=method, message=message, data=said)
    raise RpcRefused(method=method, code=code, message=message)


def call_object(to: Address | None, data: bytes, sender: Address | None, gas: int | None) -> dict[str, str]:
    call = {"data": "0x" + data.hex()}
    if to is not None:
        call["to"] = to
    if sender is not None:
        call["from"] = sender
    if gas is not None:
        call["gas"] = hex(gas)
    return call


def receipt_of(tx_hash: TxHash, answer: Any) -> Receipt | None:
    """What a node says of a transaction; None where it is in no block."""
    if answer is None or answer.get("blockHash") is None:
        return None
    return Receipt(
        tx_hash=tx_hash,
        block_number=int(answer["blockNumber"], 16),
        block_hash=Hash32(answer["blockHash"].lower()),
        succeeded=int(answer["status"], 16) == 1,
        gas_used=int(answer["gasUsed"], 16),
        gas_price=int(answer.get("effectiveGasPrice") or "0x0", 16),
    )


def block_header(answer: dict[str, Any]) -> BlockHeader:
    return BlockHeader(
        number=int(answer["number"], 16),
        hash=Hash32(answer["hash"].lower()),
        parent_hash=Hash32(answer["parentHash"].lower()),
        timestamp=int(answer["timestamp"], 16),
        base_fee=int(answer.get("baseFeePerGas") or "0x0", 16),
    )


def tag(block: BlockTag) -> str:
    return hex(block) if isinstance(block, int) else block


def from_hex(value: Any) -> bytes:
    return bytes.fromhex(str(value).removeprefix("0x"))
