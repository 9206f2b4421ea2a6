"""The bytes of the trail: what a link hashes, what stands for an origin, what an anchor's transaction carries.

market.trail_hash makes the links, in SQL; this repeats it so that it can be checked by something else.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BEGINNING = bytes(32)
"""What the first link follows."""

MARK = b"guildhall trail\0"
POSITION_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Facts:
    """What a link says of one call. Digests and hashes are hex without 0x; what is not there is empty."""

    id: int
    at: datetime
    account: str
    session_id: str
    key_id: str
    method: str
    path: str
    status: int
    request_digest: str
    answer_digest: str
    origin_digest: str


def link_hash(position: int, previous: bytes, facts: Facts) -> bytes:
    """SHA-256 over the netstrings of place, previous hash and facts; a time is microseconds since 1970."""
    parts = (
        str(position),
        previous.hex(),
        str(facts.id),
        str((facts.at - _EPOCH) // timedelta(microseconds=1)),
        facts.account,
        facts.session_id,
        facts.key_id,
        facts.method,
        facts.path,
        str(facts.status),
        facts.request_digest,
        facts.answer_digest,
        facts.origin_digest,
    )
    return hashlib.sha256(netstrings(parts)).digest()


def origin_digest(salt: bytes, network: str, user_agent: str, request_id: str) -> bytes:
    """Stands in the chain for personal data. Once salt and data are gone, no guess can be tried against it."""
    return hashlib.sha256(salt + netstrings((network, user_agent, request_id))).digest()


def netstrings(parts: Sequence[str]) -> bytes:
    """Each as LENGTH:BYTES, so that no value can be taken for two."""
    packed = (part.encode() for part in parts)
    return b"".join(b"%d:%b," % (len(part), part) for part in packed)


def anchor_data(position: int, head: bytes) -> bytes:
    """The calldata of an anchor: mark, position, hash."""
    return MARK + position.to_bytes(POSITION_BYTES, "big") + head


def read_anchor(data: bytes) -> tuple[int, bytes] | None:
    """Position and hash of an anchor's calldata; None where it is none."""
    if not data.startswith(MARK) or len(data) != len(MARK) + POSITION_BYTES + 32:
        return None
    place = data[len(MARK) : len(MARK) + POSITION_BYTES]
    return int.from_bytes(place, "big"), data[len(MARK) + POSITION_BYTES :]
