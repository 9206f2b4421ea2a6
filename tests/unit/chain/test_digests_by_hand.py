"""Digests that are made by hand for speed are those of the typed data."""

import secrets

from app.auctions.commitments import auction_id, bid_commit, bid_commit_digest, commit_leaf, commitment_of, merkle_root
from app.chain.deployment import Deployment
from app.chain.typed_data import Bid, bid, bid_digest, digest
from app.database import Address, Digest, Hash32, TaskId
from sdk import transcripts

PLACES = [Address("0x" + hex_digit * 40) for hex_digit in "12345"]


def deployment(chain_id: int) -> Deployment:
    fields = {name: PLACES[number % 5] for number, name in enumerate(Deployment.__dataclass_fields__)}
    return Deployment(**{**fields, "chain_id": chain_id})  # type: ignore[arg-type]  # addresses are all that is read


def some_hash() -> Hash32:
    return Hash32("0x" + secrets.token_hex(32))


def test_a_bids_digest_is_that_of_its_typed_data() -> None:
    for chain_id in (1, 137, 31337):
        offer = Bid(TaskId(some_hash()), 2**44 - 1, PLACES[0], PLACES[1], 2**96 - 1, 0, 2**40 - 1, some_hash())
        assert bid_digest(offer, deployment(chain_id)) == digest(bid(deployment(chain_id), offer))


def test_a_commitments_digest_is_that_of_its_typed_data() -> None:
    auction, commitment = some_hash(), some_hash()
    by_hand = bid_commit_digest(deployment(137), auction, commitment, 7)
    assert by_hand == digest(bid_commit(deployment(137), auction, commitment, 7))


def test_client_and_service_agree_on_every_hash() -> None:
    task = TaskId(some_hash())
    assert [auction_id(task, round_) for round_ in (0, 1)] == [transcripts.auction_id(task, n) for n in (0, 1)]
    made = [(number, some_hash()) for number in range(1, 8)]
    assert commitment_of(Digest(task)) == transcripts.commitment_of(task)
    for count in range(8):
        leaves = [commit_leaf(*each) for each in made[:count]]
        assert merkle_root(leaves) == transcripts.root_of(made[:count])
    assert merkle_root([commit_leaf(*each) for each in made]) != merkle_root([commit_leaf(*each) for each in made[:6]])
