"""A decoded event of a mirrored contract: what folds take."""

from collections.abc import Mapping
from typing import Any, NamedTuple

ZERO_ADDRESS = "0x" + "0" * 40
"""Nobody, in Solidity's words."""


class ChainEvent(NamedTuple):
    """Events are ordered by (block_number, log_index).

    `args` has the Solidity names and the forms of its JSON column: integers above 53 bits are decimal strings,
    addresses checksummed, bytes 0x and lower-case hex, structs nested.
    """

    block_number: int
    log_index: int
    tx_hash: str
    block_timestamp: int
    name: str
    args: Mapping[str, Any]
