"""Events and calls by the committed ABI, decoded with eth_abi."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

NOT_MIRRORED = frozenset({"Approval", "ApprovalForAll", "EIP712DomainChanged"})
ARTIFACTS = Path(__file__).parents[1] / "contracts" / "artifacts"


@dataclass(frozen=True)
class Event:
    """A decoded log; addresses checksummed, bytes as "0x" hex, structs as dicts."""

    name: str
    args: dict[str, Any]
    block: int
    log_index: int
    tx_hash: str


class Contract:
    """What one contract can emit and be asked."""

    def __init__(self, name: str, address: str) -> None:
        abi = json.loads((ARTIFACTS / f"{name}.json").read_text())["abi"]
        self.name, self.address = name, address
        self._events = {topic_of(item): item for item in abi if item["type"] == "event"}
        self._functions = {item["name"]: item for item in abi if item["type"] == "function"}

    def topic(self, event: str) -> str:
        return next(topic for topic, item in self._events.items() if item["name"] == event)

    def knows(self, log: dict[str, Any]) -> bool:
        """Approvals and domain changes move nothing and are in no row."""
        item = self._events.get(log["topics"][0]) if log["topics"] else None
        return item is not None and item["name"] not in NOT_MIRRORED

    def event(self, log: dict[str, Any]) -> Event:
        """Indexed strings and bytes are hashes on chain: they stay hashes."""
        item = self._events[log["topics"][0]]
        indexed = [part for part in item["inputs"] if part["indexed"]]
        plain = [part for part in item["inputs"] if not part["indexed"]]
        args = {part["name"]: topic_value(part, topic) for part, topic in zip(indexed, log["topics"][1:], strict=True)}
        values = decode([type_of(part) for part in plain], bytes.fromhex(log["data"][2:]))
        args |= {part["name"]: readable(part, value) for part, value in zip(plain, values, strict=True)}
        return Event(item["name"], args, int(log["blockNumber"], 16), int(log["logIndex"], 16), log["transactionHash"])

    def call(self, function: str, *args: Any, block: int) -> tuple[str, list[Any]]:
        """An eth_call request at a stated block."""
        item = self._functions[function]
        data = keccak(text=signature(item))[:4] + encode([type_of(part) for part in item["inputs"]], raw(args))
        return "eth_call", [{"to": self.address, "data": "0x" + data.hex()}, hex(block)]

    def result(self, function: str, answer: str) -> tuple[Any, ...]:
        parts = self._functions[function]["outputs"]
        values = decode([type_of(part) for part in parts], bytes.fromhex(answer[2:]))
        return tuple(readable(part, value) for part, value in zip(parts, values, strict=True))


def topic_of(item: dict[str, Any]) -> str:
    return "0x" + keccak(text=signature(item)).hex()


def signature(item: dict[str, Any]) -> str:
    return f"{item['name']}({','.join(type_of(part) for part in item['inputs'])})"


def type_of(part: dict[str, Any]) -> str:
    """The canonical type, structs as tuples."""
    kind: str = part["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(type_of(inner) for inner in part['components'])}){kind.removeprefix('tuple')}"


def topic_value(part: dict[str, Any], topic: str) -> Any:
    if part["type"] in ("string", "bytes"):
        return topic
    return readable(part, decode([part["type"]], bytes.fromhex(topic[2:]))[0])


def readable(part: dict[str, Any], value: Any) -> Any:
    if part["type"] == "tuple":
        inner = part["components"]
        return {one["name"]: readable(one, item) for one, item in zip(inner, value, strict=True)}
    if part["type"] == "address":
        return to_checksum_address(value)
    return "0x" + value.hex() if isinstance(value, bytes) else value


def raw(args: tuple[Any, ...]) -> list[Any]:
    """Hashes are given as hex and encoded as bytes."""
    return [bytes.fromhex(arg[2:]) if isinstance(arg, str) and len(arg) == 66 else arg for arg in args]
