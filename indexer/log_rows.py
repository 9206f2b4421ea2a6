"""A raw log as its row in binary COPY, the form in which a backfill knows it: made of a node's JSON at once, and read
at fixed places without being taken apart.

    0 fields | 2 number | 14 index | 22 block hash | 58 transaction hash | 94 its index | 102 address |
    126 topics: array head, then 36 bytes for each | data

Each field has its size in the 4 bytes before it. What does not have this form goes by way of a RawLog.
"""

import struct
from binascii import unhexlify
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.chain.models import Log
from indexer.answers import Block
from indexer.decode import RawLog
from indexer.numeric import size_of
from indexer.packing import array_head, packer_of

LOG_HASHES = frozenset({"block_hash", "tx_hash", "address"})
WORD, ADDRESS, ARRAY_HEAD = 32, 20, 24
WORD_SIZE = size_of(WORD)
TOPIC_BYTES = len(WORD_SIZE) + WORD
TX_HASH = slice(62, 94)
TOPICS_AT = 150
KEY = slice(106, TOPICS_AT + TOPIC_BYTES)
"""The address, the number of topics, and the first of them: what tells which event it is, in one piece."""
AFTER_FIRST_TOPIC = KEY.stop
ARRAYS = {n: size_of(ARRAY_HEAD - 4 + TOPIC_BYTES * n) + array_head(n) for n in range(1, 5)}
"""What stands before the topics, by their number."""
HEX_ARRAYS = {n: array.hex() + WORD_SIZE.hex() for n, array in ARRAYS.items()}
HASH_CHARACTERS, ADDRESS_CHARACTERS = 2 + 2 * WORD, 2 + 2 * ADDRESS
pack_fixed = struct.Struct(">hiqiii32si32siii20s").pack
number_at, index_at = struct.Struct(">q").unpack_from, struct.Struct(">i").unpack_from


def data_at(topics: int) -> int:
    """Where the data of a log with so many topics begins."""
    return TOPICS_AT + TOPIC_BYTES * topics + len(WORD_SIZE)


def key_of(address: bytes, topics: int, first: bytes) -> bytes:
    """What stands at KEY in the rows of an event."""
    return b"".join((address, ARRAYS[topics], WORD_SIZE, first))


def place_of(row: bytes) -> tuple[int, int]:
    """Block number and log index."""
    return number_at(row, 6)[0], index_at(row, 18)[0]


@dataclass(frozen=True, slots=True)
class BlockText:
    """A block, and the hexadecimal text of what the rows of its logs share."""

    block: Block
    hash: str
    """As nodes write it."""
    before_index: str
    before_tx: str

    @classmethod
    def of(cls, block: Block) -> "BlockText":
        shown = block.hash.hex()
        return cls(block, "0x" + shown, f"000800000008{block.number:016x}00000004", f"00000020{shown}00000020")


def row_of_entry(entry: Mapping[str, Any], block: BlockText) -> bytes | None:
    """The row of what `eth_getLogs` says of one log; None where it has not the usual form. Raises KeyError, TypeError
    and ValueError for what is no log. That each topic fills its word is left to whoever reads them."""
    topics, tx, address, data = entry["topics"], entry["transactionHash"], entry["address"], entry["data"]
    array = HEX_ARRAYS.get(len(topics))
    if array is None or len(tx) != HASH_CHARACTERS or len(address) != ADDRESS_CHARACTERS:
        return None
    words, size = "00000020".join([topic[2:] for topic in topics]), len(data) // 2 - 1
    row = unhexlify(
        f"{block.before_index}{padded(entry['logIndex'])}{block.before_tx}{tx[2:]}"
        f"00000004{padded(entry['transactionIndex'])}00000014{address[2:]}{array}{words}{size:08x}{data[2:]}"
    )
    return row if len(row) == data_at(len(topics)) + size else None


@lru_cache(maxsize=4_096)
def padded(index: str) -> str:
    """A hexadecimal number in four bytes."""
    return index[2:].zfill(8)


def pack_log(log: RawLog) -> bytes:
    """A raw log's row, at half the cost of the general packer where the log is as Ethereum has them."""
    number, index, block_hash, tx_hash, tx_index, address, topics, data = log
    array = WORD_SIZE.join((ARRAYS.get(len(topics), b""), *topics))
    if len(array) != ARRAY_HEAD + len(topics) * TOPIC_BYTES or len(address) != ADDRESS:
        return packer_of(Log, raw=LOG_HASHES)(log)
    fixed = pack_fixed(8, 8, number, 4, index, WORD, block_hash, WORD, tx_hash, 4, tx_index, ADDRESS, address)
    return b"".join((fixed, array, size_of(len(data)), data))


def unpack_log(row: bytes) -> RawLog:
    """The log of any row."""
    (number, index, block_hash, tx_hash, tx_index, address, array, data), _end = fields_of(row, 2, 8)
    count = int.from_bytes(array[12:16])
    topics, _end = fields_of(array, 20, count) if count else ([], 0)
    place, at = (int.from_bytes(number), int.from_bytes(index)), int.from_bytes(tx_index)
    return RawLog(*place, block_hash, tx_hash, at, address, tuple(topics), data)


def fields_of(row: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    """So many fields from a place on, each behind its size, and where they end."""
    found = []
    for _ in range(count):
        begin = at + 4
        at = begin + int.from_bytes(row[at:begin])
        found.append(row[begin:at])
    return found, at
