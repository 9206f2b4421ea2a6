"""A chain as its node would serve it: headers that link, filters that are true, logs in the contracts' encoding.

It is made once and kept in .cache, so that serving it costs next to nothing and every run reads the same bytes.
"""

import json
import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from eth_utils.abi import event_abi_to_log_topic

from app.chain.contracts import abi
from bench.indexer_story import BLOCK_SECONDS, FIRST_TIME, Said, Story
from indexer.filters import bits_of

CHAIN_ID = 31_337
CACHE = Path(__file__).resolve().parent.parent / ".cache" / "bench"
ADDRESSES = {
    "MockUSDC": "0x1111111111111111111111111111111111111111",
    "IdentityRegistry": "0x2222222222222222222222222222222222222222",
    "TaskEscrow": "0x3333333333333333333333333333333333333333",
    "ReputationRegistry": "0x4444444444444444444444444444444444444444",
}
STATIC_WORD = 64


@dataclass(frozen=True)
class Shape:
    """How many blocks with how many events each, and over how many blocks one task's events lie."""

    name: str
    blocks: int
    per_block: int
    span: int

    @property
    def events(self) -> int:
        return self.blocks * self.per_block


BENCH = Shape("bench", 6_000, 20, 20)
SPREAD = Shape("spread", 6_000, 20, 1_000)
GROWTH = Shape("growth", 50_000, 20, 1_000)
SHAPES = {shape.name: shape for shape in (BENCH, SPREAD, GROWTH)}


@dataclass(frozen=True)
class Stored:
    """One JSON text per block, of its header and of its logs, laid end to end."""

    shape: Shape
    headers: Sequence[bytes]
    logs: mmap.mmap
    starts: Sequence[int]

    def logs_of(self, first: int, last: int) -> memoryview:
        """The logs of first..last as JSON texts with commas between."""
        text = memoryview(self.logs)[self.starts[first] : self.starts[last + 1]]
        return text[:-1] if text else text


def open_chain(shape: Shape) -> Stored:
    """From the cache, or made now."""
    folder = CACHE / f"{shape.name}-{version(shape)}"
    if not (folder / "starts.json").exists():
        make(shape, folder)
    with (folder / "logs").open("rb") as file:
        logs = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    headers = (folder / "headers").read_bytes().split(b"\n")
    return Stored(shape, headers, logs, json.loads((folder / "starts.json").read_text()))


def version(shape: Shape) -> str:
    """Changes with the shape, the story and the contracts' events."""
    sources = (Path(__file__), Path(__file__).with_name("indexer_story.py"))
    said = [source.read_text() for source in sources] + [json.dumps(abi(name)) for name in sorted(ADDRESSES)]
    return sha256(repr((shape, said)).encode()).hexdigest()[:12]


def make(shape: Shape, folder: Path) -> None:
    """Writes the headers, the logs and where each block's logs begin."""
    folder.mkdir(parents=True, exist_ok=True)
    parent, sizes = header(0, bytes(32), []), [0]
    with (folder / "headers").open("wb") as headers, (folder / "logs").open("wb") as logs:
        headers.write(dumped(parent))
        for number, said in enumerate(Story(shape.span, shape.per_block).blocks(shape.blocks), start=1):
            block = header(number, bytes.fromhex(parent["hash"][2:]), said)
            text = b"".join(dumped(entry) + b"," for entry in log_entries(block, said))
            headers.write(b"\n" + dumped(block))
            sizes.append(logs.write(text))
            parent = block
    (folder / "starts.json").write_text(json.dumps([0, *accumulate(sizes)]))


def dumped(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def header(number: int, parent_hash: bytes, said: Sequence[Said]) -> dict[str, Any]:
    """As a node words it, with one transaction per event."""
    bloom = 0
    for one in said:
        bloom |= bits_of(bytes.fromhex(ADDRESSES[one.contract][2:])) | bits_of(topic_of(one.contract, one.name))
    own_hash = sha256(parent_hash + number.to_bytes(8) + bloom.to_bytes(256)).hexdigest()
    return {
        "number": hex(number),
        "hash": "0x" + own_hash,
        "parentHash": "0x" + parent_hash.hex(),
        "timestamp": hex(FIRST_TIME + number * BLOCK_SECONDS),
        "logsBloom": "0x" + bloom.to_bytes(256).hex(),
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x5208",
        "miner": "0x" + "00" * 20,
        "stateRoot": "0x" + "0b" * 32,
        "transactions": [transaction_hash(number, n) for n in range(len(said))],
    }


def transaction_hash(number: int, index: int) -> str:
    return "0x" + sha256(f"{number} {index}".encode()).hexdigest()


def log_entries(block: Mapping[str, Any], said: Sequence[Said]) -> Iterator[dict[str, Any]]:
    for index, one in enumerate(said):
        topics, data = encoded(one)
        yield {
            "address": ADDRESSES[one.contract],
            "topics": topics,
            "data": data,
            "blockHash": block["hash"],
            "blockNumber": block["number"],
            "blockTimestamp": block["timestamp"],
            "transactionHash": block["transactions"][index],
            "transactionIndex": hex(index),
            "logIndex": hex(index),
            "removed": False,
        }


@cache
def events_of(contract: str) -> Mapping[str, Any]:
    return {entry["name"]: entry for entry in abi(contract) if entry["type"] == "event"}


@cache
def topic_of(contract: str, name: str) -> bytes:
    return event_abi_to_log_topic(events_of(contract)[name])


def encoded(said: Said) -> tuple[list[str], str]:
    """Topics and data, in hex."""
    inputs = events_of(said.contract)[said.name]["inputs"]
    topics = ["0x" + word_of(said.args[entry["name"]]) for entry in inputs if entry["indexed"]]
    body = [entry for entry in inputs if not entry["indexed"]]
    own = "0x" + topic_of(said.contract, said.name).hex()
    return [own, *topics], "0x" + tuple_of(body, [said.args[entry["name"]] for entry in body])


def tuple_of(entries: Sequence[Mapping[str, Any]], values: Sequence[Any]) -> str:
    """Heads and tails of the contract ABI's encoding; strings are the only tailed type here."""
    heads = [head_of(entry, value) for entry, value in zip(entries, values, strict=True)]
    size = sum(len(head) if head else STATIC_WORD for head in heads) // 2
    tails = [string_of(value) if head is None else "" for head, value in zip(heads, values, strict=True)]
    offsets = accumulate((len(tail) // 2 for tail in tails), initial=size)
    placed = [word_of(at) if head is None else head for head, at in zip(heads, offsets, strict=False)]
    return "".join(placed + tails)


def head_of(entry: Mapping[str, Any], value: Any) -> str | None:
    """None for what lies in the tail."""
    if entry["type"] == "string":
        return None
    if entry["type"] == "tuple":
        return "".join(word_of(value[component["name"]]) for component in entry["components"])
    return word_of(value)


def word_of(value: bytes | int) -> str:
    """Hashes fill their word; addresses and numbers stand at its end."""
    return value.hex().zfill(STATIC_WORD) if isinstance(value, bytes) else f"{value:064x}"


def string_of(text: str) -> str:
    raw = text.encode().hex()
    return word_of(len(raw) // 2) + raw.ljust(-(-len(raw) // STATIC_WORD) * STATIC_WORD, "0")


def linked(stored: Stored) -> bool:
    """Whether each header names the one before, for the test of this very chain."""
    headers = [json.loads(text) for text in stored.headers]
    return all(child["parentHash"] == parent["hash"] for parent, child in pairwise(headers))
