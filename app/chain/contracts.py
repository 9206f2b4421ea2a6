"""Calldata of every verb, and the custom errors that a refused one comes back with.

Everything is read from the committed artifacts; nothing here talks to a chain.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from app.chain.typed_data import Bid, Feedback, Terms
from app.database import Address, Hash32

ARTIFACTS = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"
DEADLINE_BYTES = 5


class AuthRole(IntEnum):
    """Who speaks where two parties may: in the auth of `cancel` and `dispute`."""

    BUYER = 0
    AGENT = 1


@dataclass(frozen=True)
class Authorization:
    """The buyer's EIP-3009 signature over a transfer to the escrow, valid strictly between two chain times."""

    valid_after: int
    valid_before: int
    signature: bytes

    def abi(self) -> tuple[Any, ...]:
        return self.valid_after, self.valid_before, self.signature


@dataclass(frozen=True)
class Permit:
    """An owner's EIP-2612 signature over an allowance of `value` base units, good until `deadline`."""

    value: int
    deadline: int
    signature: bytes

    def abi(self) -> tuple[Any, ...]:
        return self.value, self.deadline, self.signature


@dataclass(frozen=True)
class Revert:
    """Why a contract refused: an error's name and arguments, in JSON's types (integers as decimal strings)."""

    name: str
    args: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value}' for name, value in self.args.items())})"


def pack_auth(deadline: int, signature: bytes, role: AuthRole | None = None) -> bytes:
    """`abi.encodePacked(uint40 deadline, [uint8 role,] bytes signature)`; the role is for cancel and dispute only."""
    marker = b"" if role is None else bytes([role])
    return deadline.to_bytes(DEADLINE_BYTES, "big") + marker + signature


def fund(terms: Terms, auth: bytes) -> bytes:
    return escrow_call("fund", terms.abi(), auth)


def fund_with_authorization(terms: Terms, valid_after: int, valid_before: int, signature: bytes) -> bytes:
    return escrow_call("fundWithAuthorization", terms.abi(), valid_after, valid_before, signature)


def fund_with_permit(terms: Terms, permit: Permit, auth: bytes) -> bytes:
    """As `fund`, after a permit that may have been carried already."""
    return escrow_call("fundWithPermit", terms.abi(), permit.abi(), auth)


def fund_with_permit2(terms: Terms, nonce: int, deadline: int, signature: bytes) -> bytes:
    return escrow_call("fundWithPermit2", terms.abi(), nonce, deadline, signature)


def fund_for(terms: Terms, auth: bytes) -> bytes:
    """The sender pays; the buyer signed Fund."""
    return escrow_call("fundFor", terms.abi(), auth)


def fund_batch(batch: Sequence[Terms], authorization: Authorization) -> bytes:
    return escrow_call("fundBatch", [terms.abi() for terms in batch], authorization.abi())


def fund_child(child: Terms, parent: Terms, auth: bytes) -> bytes:
    """`auth` is the Fund of the child, by the parent's agent."""
    return escrow_call("fundChild", child.abi(), parent.abi(), auth)


def award(terms: Terms, bid: Bid, bid_signature: bytes, price: int, transcript: Hash32, auth: bytes) -> bytes:
    return escrow_call("award", terms.abi(), bid.abi(), bid_signature, price, hash_bytes(transcript), auth)


def award_and_fund(
    terms: Terms, bid: Bid, bid_signature: bytes, price: int, transcript: Hash32, auth: bytes, funding: Authorization
) -> bytes:
    """Both in one transaction; an award alone where somebody has carried the same funding before."""
    chosen = (terms.abi(), bid.abi(), bid_signature, price, hash_bytes(transcript), auth)
    return escrow_call("awardAndFund", *chosen, funding.abi())


def revoke_bid(bid: Bid, auth: bytes) -> bytes:
    return escrow_call("revokeBid", bid.abi(), auth)


def multicall(calls: Sequence[bytes]) -> bytes:
    """Several verbs of one sender, all or none."""
    return escrow_call("multicall", list(calls))


def veto(terms: Terms, auth: bytes) -> bytes:
    return escrow_call("veto", terms.abi(), auth)


def submit(terms: Terms, agent_id: int, deliverable: Hash32, auth: bytes) -> bytes:
    return escrow_call("submit", terms.abi(), agent_id, hash_bytes(deliverable), auth)


def release(terms: Terms, amount: int, auth: bytes) -> bytes:
    return escrow_call("release", terms.abi(), amount, auth)


def claim(terms: Terms, auth: bytes) -> bytes:
    return escrow_call("claim", terms.abi(), auth)


def cancel(terms: Terms, auth: bytes) -> bytes:
    """`auth` carries a role."""
    return escrow_call("cancel", terms.abi(), auth)


def cancel_together(terms: Terms, buyer_auth: bytes, agent_auth: bytes) -> bytes:
    return escrow_call("cancelTogether", terms.abi(), buyer_auth, agent_auth)


def reclaim(terms: Terms) -> bytes:
    return escrow_call("reclaim", terms.abi())


def dispute(terms: Terms, evidence: Hash32, auth: bytes) -> bytes:
    """`auth` carries a role."""
    return escrow_call("dispute", terms.abi(), hash_bytes(evidence), auth)


def settle(terms: Terms, to_agent: int, buyer_auth: bytes, agent_auth: bytes) -> bytes:
    return escrow_call("settle", terms.abi(), to_agent, buyer_auth, agent_auth)


def rule(terms: Terms, share_bps: int, reasons: Hash32, auth: bytes) -> bytes:
    return escrow_call("rule", terms.abi(), share_bps, hash_bytes(reasons), auth)


def rule_by_default(terms: Terms) -> bytes:
    return escrow_call("ruleByDefault", terms.abi())


def withdraw(owner: Address) -> bytes:
    return escrow_call("withdraw", owner)


def register_for(owner: Address, agent_uri: str, deadline: int, signature: bytes) -> bytes:
    return call_data("IdentityRegistry", "registerFor", owner, agent_uri, deadline, signature)


def register_by_digest_for(owner: Address, digest: Hash32, deadline: int, signature: bytes) -> bytes:
    """As register_for, with the IPFS URI of the card whose SHA-256 is `digest`."""
    return call_data("IdentityRegistry", "registerByDigestFor", owner, hash_bytes(digest), deadline, signature)


def set_agent_wallet_for(
    agent_id: int, wallet: Address, deadline: int, wallet_signature: bytes, owner_deadline: int, owner_signature: bytes
) -> bytes:
    """The new wallet's proof and the owner's leave."""
    proof = (agent_id, wallet, deadline, wallet_signature)
    return call_data("IdentityRegistry", "setAgentWalletFor", *proof, owner_deadline, owner_signature)


def give_task_feedback(terms: Terms, feedback: Feedback, auth: bytes) -> bytes:
    fields = (
        feedback.agent_id,
        feedback.value,
        feedback.value_decimals,
        feedback.tag1,
        feedback.tag2,
        feedback.endpoint,
        feedback.feedback_uri,
        hash_bytes(feedback.feedback_hash),
    )
    return call_data("ReputationRegistry", "giveTaskFeedback", terms.abi(), *fields, auth)


def escrow_call(name: str, *arguments: Any) -> bytes:
    return call_data("TaskEscrow", name, *arguments)


def call_data(contract: str, name: str, *arguments: Any) -> bytes:
    """Selector and arguments. Raises KeyError for an unknown function, eth_abi.EncodingError out of range."""
    function = functions(contract)[name]
    return selector(function) + encode(kinds(function["inputs"]), arguments)


def decode_result(contract: str, name: str, data: bytes) -> tuple[Any, ...]:
    """What a view answered. Raises eth_abi.DecodingError."""
    return decode(kinds(functions(contract)[name]["outputs"]), data)


def decode_revert(data: bytes) -> Revert | None:
    """The error that `data` names, or None where it names none that we know."""
    error = errors().get(data[:4])
    if error is None:
        return None
    try:
        values = decode(kinds(error["inputs"]), data[4:])
    except DecodingError:
        return None
    return Revert(
        error["name"], {entry["name"]: plain(value) for entry, value in zip(error["inputs"], values, strict=True)}
    )


def plain(value: Any) -> Any:
    """A decoded value in JSON's types: large integers do not survive every JSON reader, so all become strings."""
    match value:
        case bool():
            return value
        case int():
            return str(value)
        case bytes():
            return "0x" + value.hex()
        case str() if value[:2] == "0x" and len(value) == 42:
            return to_checksum_address(value)
        case tuple() | list():
            return [plain(item) for item in value]
        case _:
            return value


def hash_bytes(value: Hash32) -> bytes:
    return bytes.fromhex(value[2:])


def selector(entry: dict[str, Any]) -> bytes:
    """The first four bytes of a function's calldata, or of an error's data."""
    return keccak(text=f"{entry['name']}({','.join(kinds(entry['inputs']))})")[:4]


def kinds(entries: Sequence[dict[str, Any]]) -> list[str]:
    return [collapse_if_tuple(entry) for entry in entries]


@cache
def functions(contract: str) -> dict[str, Any]:
    """By name; where a name is overloaded, the one with the most arguments."""
    found = [entry for entry in abi(contract) if entry["type"] == "function"]
    return {entry["name"]: entry for entry in sorted(found, key=lambda entry: len(entry["inputs"]))}


@cache
def errors() -> dict[bytes, dict[str, Any]]:
    """Every contract's custom errors and Solidity's own two, by selector."""
    names = sorted(file.stem for file in ARTIFACTS.glob("*.json"))
    known = [entry for name in names for entry in abi(name) if entry["type"] == "error"]
    text = {"type": "error", "name": "Error", "inputs": [{"name": "message", "type": "string"}]}
    panic = {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]}
    return {selector(entry): entry for entry in (*known, text, panic)}


@cache
def abi(contract: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = artifact(contract)["abi"]
    return entries


@cache
def creation_code(contract: str) -> bytes:
    """What deploys it, without its arguments."""
    return bytes.fromhex(artifact(contract)["bytecode"][2:])


def artifact(contract: str) -> dict[str, Any]:
    """What is committed of a contract."""
    return dict(json.loads((ARTIFACTS / f"{contract}.json").read_text()))
