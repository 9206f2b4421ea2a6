"""An auction's record, checked by whoever did not run it: hashes, signatures, commitments, and the rule itself.

This is written a second time on purpose, as the typed data is: a record that only the auctioneer's own code could read
would prove nothing. Amounts are base units, qualities millionths.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from sdk.digests import digest_of
from sdk.errors import AuctionRefused
from sdk.network import Network
from sdk.terms import Bid, Terms, message_of
from sdk.typed_data import bid_digest, commit_message, escrow_message, task_id

WHOLE = 1_000_000
SEALED = ("sealed_second_score", "sealed_first_price")


@dataclass(frozen=True)
class Outcome:
    """What the record yields. `unsigned` are bids and commitments whose signature is no key's: a contract wallet may
    have approved them, which only the chain can tell. `passed_over` are bids that the auctioneer said cannot win."""

    winner: str
    price: int
    unsigned: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


@dataclass
class Reading:
    """A record being read."""

    record: Mapping[str, Any]
    terms: Terms
    network: Network
    unsigned: list[str] = field(default_factory=list)

    @property
    def opening(self) -> Mapping[str, Any]:
        return dict(self.record["opening"])

    @property
    def kind(self) -> str:
        return str(self.opening["kind"])

    @property
    def min_quality(self) -> int:
        """0 where nothing was asked for."""
        return int(self.opening.get("min_quality", 0))


def check_transcript(raw: bytes, terms: Terms, network: Network, qualities: bytes | None = None) -> Outcome:
    """The outcome that the record yields by the published rule. `qualities` is the document that its opening names.

    Raises AuctionRefused, naming what does not hold, also where the record claims another outcome.
    """
    record = json.loads(raw)
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    require(canonical == raw, "form", "the record is not in its canonical form")
    require(record.get("version") == 2, "version", f"version {record.get('version')} is unknown here")
    reading = Reading(record, terms, network)
    check_opening(reading)
    check_commits(reading)
    for bid in record["bids"]:
        check_bid(reading, bid)
    if reading.kind in SEALED:
        check_all_shown(reading)
    if reading.kind in SEALED or reading.min_quality:
        check_qualities(reading, qualities)
    winner, price = replay(reading)
    require(winner == record["winner"], "winner", f"the rule yields {winner}")
    require(str(price) == record["price"], "price", f"the rule yields {price}")
    passed = tuple(bid["digest"] for bid in record["bids"] if not bid["awardable"] and bid["struck"] is None)
    return Outcome(winner, price, tuple(reading.unsigned), passed)


def check_opening(reading: Reading) -> None:
    """What was fixed before the first bid belongs to these terms."""
    ours, opening = task_id(reading.terms, reading.network), reading.opening
    require(reading.record["task_id"] == ours, "task_id", f"the terms are those of {ours}")
    expected = auction_id(ours, int(reading.record["round"]))
    require(opening["auction_id"] == expected, "auction_id", f"this round is {expected}")
    require(opening["budget"] == str(reading.terms.budget), "budget", f"the terms say {reading.terms.budget}")
    if reading.kind in SEALED:
        fixed = "0x" + keccak(hex_bytes(reading.record["seed"])).hex()
        require(fixed == opening["seed_digest"], "seed", "it is not the one that was fixed at the opening")
        require(opening["value"] == reading.record["value"], "value", "it is not the one fixed at the opening")


def check_commits(reading: Reading) -> None:
    """Each commitment is signed by its agent, and the published root covers exactly these."""
    if reading.kind not in SEALED:
        return
    commits = reading.record["commits"]
    root = root_of((int(each["agent_id"]), str(each["commitment"])) for each in commits)
    require(root == reading.record["commit_root"], "commit_root", f"these commitments have the root {root}")
    for each in commits:
        auction, commitment, agent_id = reading.opening["auction_id"], each["commitment"], int(each["agent_id"])
        message = commit_message(auction, commitment, agent_id, reading.network)
        if signer_of(message, each["signature"]) != each["agent"]:
            reading.unsigned.append(str(each["commitment"]))


def check_bid(reading: Reading, record: Mapping[str, Any]) -> None:
    """A bid is what its digest says, signed by its agent, and of a sealed kind was committed to."""
    offer = Bid.from_wire(record["bid"])
    digest = bid_digest(offer, reading.network)
    require(digest == record["digest"], "bid", f"its digest is {digest}")
    require(offer.task_id == reading.record["task_id"], "bid", f"{digest} is for another task")
    if signer_of(escrow_message("Bid", message_of(offer), reading.network), record["signature"]) != offer.agent:
        reading.unsigned.append(digest)
    if reading.kind in SEALED:
        wanted = (offer.agent_id, offer.agent, commitment_of(digest), True)
        commits = reading.record["commits"]
        made = [(each["agent_id"], each["agent"], each["commitment"], each["revealed"]) for each in commits]
        require(wanted in made, "commitment", f"nobody committed to {digest}")


def check_all_shown(reading: Reading) -> None:
    """Every commitment that was revealed has its bid in the record: none was hidden to change the price."""
    shown = {commitment_of(str(bid["digest"])) for bid in reading.record["bids"]}
    for each in reading.record["commits"]:
        hidden = each["revealed"] and each["commitment"] not in shown
        require(not hidden, "bids", f"the bid that agent {each['agent_id']} revealed is missing")


def check_qualities(reading: Reading, document: bytes | None) -> None:
    """Each bid was scored with the quality that was frozen at the opening."""
    named = reading.opening["qualities"]
    require(document is not None and digest_of(document) == named, "qualities", f"they are those of {named}")
    said = json.loads(document or b"{}")
    for bid in reading.record["bids"]:
        agent_id = str(bid["bid"]["agentId"])
        frozen = said["qualities"].get(agent_id, said["prior"])
        require(bid["quality"] == frozen, "quality", f"agent {agent_id} had {frozen}")


def replay(reading: Reading) -> tuple[str, int]:
    """Winner and price by the rule of the kind."""
    budget, value = int(reading.opening["budget"]), int(reading.record["value"])
    ranked = sorted(
        (Ranked.of(reading, bid, value) for bid in reading.record["bids"] if bid["awardable"]), key=Ranked.key
    )
    least = reading.min_quality
    eligible = [each for each in ranked if each.ask <= budget and each.score >= 0 and each.quality >= least]
    require(bool(eligible), "winner", "no bid of the record is eligible")
    best = eligible[0]
    if reading.kind != "sealed_second_score":
        return best.digest, best.ask
    second = max(0, eligible[1].score) if len(eligible) > 1 else 0
    return best.digest, min(budget, (best.score + best.ask * WHOLE - second) // WHOLE)


@dataclass(frozen=True)
class Ranked:
    digest: str
    ask: int
    score: int
    tie: int
    quality: int

    @classmethod
    def of(cls, reading: Reading, bid: Mapping[str, Any], value: int) -> "Ranked":
        """Open kinds have no score: the least price wins."""
        accepted = bid["accepted_price"]
        ask = int(bid["bid"]["minPrice"] if accepted is None else accepted)
        quality = int(bid["quality"])
        score = value * quality - ask * WHOLE if reading.kind in SEALED else 0
        tie = int.from_bytes(keccak(hex_bytes(bid["digest"]) + hex_bytes(reading.record["seed"])), "big")
        return cls(str(bid["digest"]), ask, score, tie, quality)

    def key(self) -> tuple[int, int, int]:
        return (-self.score, self.ask, self.tie)


def auction_id(task: str, round_: int) -> str:
    """keccak256(task id, round)."""
    return "0x" + keccak(hex_bytes(task) + round_.to_bytes(32, "big")).hex()


def commitment_of(digest: str) -> str:
    """keccak256 of a bid's EIP-712 digest."""
    return "0x" + keccak(hex_bytes(digest)).hex()


def root_of(commits: Iterable[tuple[int, str]]) -> str:
    """Merkle root over (agent id, commitment): leaves hashed twice and sorted, pairs sorted, an odd one moved up."""
    level = sorted(keccak(keccak(agent.to_bytes(32, "big") + hex_bytes(commitment))) for agent, commitment in commits)
    while len(level) > 1:
        pairs = [level[place : place + 2] for place in range(0, len(level), 2)]
        level = [keccak(min(pair) + max(pair)) if len(pair) == 2 else pair[0] for pair in pairs]
    return "0x" + (level[0] if level else bytes(32)).hex()


def signer_of(typed_data: dict[str, Any], signature: str) -> str | None:
    """Whose key signed; None where it is no key's signature."""
    try:
        return str(Account.recover_message(encode_typed_data(full_message=typed_data), signature=signature))
    except Exception:  # the curve libraries raise kinds of their own
        return None


def hex_bytes(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def require(holds: bool, rule: str, reason: str) -> None:
    """Raises AuctionRefused."""
    if not holds:
        raise AuctionRefused(rule, reason)
