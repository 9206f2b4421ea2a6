"""What binds a sealed bid before anybody can read it, and the hashes by which everybody can check the auction.

A commitment is keccak256 of the bid's EIP-712 digest, whose 256-bit salt hides the rest. The digest itself stays
secret until the reveal, since a bid is revoked by it in public.
"""

from collections.abc import Iterable
from functools import lru_cache

from eth_utils.crypto import keccak

from app.chain.deployment import Deployment
from app.chain.typed_data import TypedData, digest_of_struct, domain_of, separator_of, typed_data, word
from app.database import Digest, Hash32, TaskId

BID_COMMIT = "BidCommit(bytes32 auctionId,bytes32 commitment,uint256 agentId)"
NAME, VERSION = "Guildhall Auctions", "1"


def auction_id(task_id: TaskId, round_: int) -> Hash32:
    """keccak256(task id, round): an auction that opens again is another one."""
    return hashed(raw(task_id) + round_.to_bytes(32, "big"))


def commitment_of(bid_digest: Digest) -> Hash32:
    return hashed(raw(bid_digest))


def bid_commit(deployment: Deployment, auction: Hash32, commitment: Hash32, agent_id: int) -> TypedData:
    """What the agent signs to take part."""
    domain = domain_of(deployment, NAME, VERSION, deployment.escrow)
    return typed_data(domain, BID_COMMIT, (auction, commitment, agent_id))


def bid_commit_digest(deployment: Deployment, auction: Hash32, commitment: Hash32, agent_id: int) -> Digest:
    """The EIP-712 digest of `bid_commit`, by hand: many of them come at once."""
    struct = keccak(type_hash() + word(auction) + word(commitment) + word(agent_id))
    return digest_of_struct(separator(deployment), struct)


@lru_cache(maxsize=1)
def type_hash() -> bytes:
    return keccak(BID_COMMIT.encode())


@lru_cache(maxsize=8)
def separator(deployment: Deployment) -> bytes:
    return separator_of(deployment, NAME, VERSION)


def commit_leaf(agent_id: int, commitment: Hash32) -> bytes:
    """One commit in the tree whose root is published at the close."""
    return keccak(keccak(agent_id.to_bytes(32, "big") + raw(commitment)))


def merkle_root(leaves: Iterable[bytes]) -> Hash32:
    """Of the sorted leaves, pairs sorted too, an odd one moved up; of none, 32 zero bytes."""
    level = sorted(leaves)
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [keccak(b"".join(sorted(pair))) if len(pair) == 2 else pair[0] for pair in pairs]
    return Hash32("0x" + (level[0] if level else bytes(32)).hex())


def tie_of(bid_digest: str, seed: Hash32) -> int:
    """What equal bids are ordered by: a seed fixed before the first of them, and known after the last."""
    return int.from_bytes(keccak(raw(bid_digest) + raw(seed)), "big")


def hashed(data: bytes) -> Hash32:
    return Hash32("0x" + keccak(data).hex())


def raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])
