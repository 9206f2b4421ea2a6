"""How each signed message is built from what the client means, for the verbs of `escrows`.

What only the chain knows (`remaining`, `since`, a deadline) is read from the prepared message: a wrong value makes
the contract refuse, and cannot redirect anything. Everything else comes from the caller.
"""

from collections.abc import Callable
from typing import Any

from sdk.digests import digest_of
from sdk.errors import SignatureRefused
from sdk.network import Network
from sdk.terms import Terms
from sdk.typed_data import (
    TypedData,
    authorization_message,
    canonical,
    escrow_message,
    feedback_message,
    permit2_message,
    permit_message,
    task_id,
)

Build = Callable[[Terms, TypedData, Network], TypedData]
MAX_DEADLINE_SECONDS = 7 * 24 * 3600


def intent(name: str, *from_chain: str, **meant: Any) -> Build:
    """An escrow intent over the task id, with `from_chain` members as prepared and `meant` as given here."""

    def build(terms: Terms, prepared: TypedData, network: Network) -> TypedData:
        read = {member: number(prepared, member) for member in from_chain}
        if read.get("remaining", 0) > terms.budget:
            raise SignatureRefused("message.remaining", f"at most {terms.budget}", read["remaining"])
        return escrow_message(name, {"taskId": task_id(terms, network), **meant, **read}, network)

    return build


def authorization(valid_after: int, valid_before: int) -> Build:
    """EIP-3009 over exactly the terms' budget, to the escrow, within these times of the chain."""

    def build(terms: Terms, _prepared: TypedData, network: Network) -> TypedData:
        return authorization_message(terms, valid_after, valid_before, network)

    return build


def permit() -> Build:
    """EIP-2612 over exactly the terms' budget; `nonce` is the token's, `deadline` as prepared."""

    def build(terms: Terms, prepared: TypedData, network: Network) -> TypedData:
        return permit_message(terms, number(prepared, "nonce"), number(prepared, "deadline"), network)

    return build


def permit2() -> Build:
    """Permit2 over exactly the terms' budget, for this task alone; any unused nonce will do."""

    def build(terms: Terms, prepared: TypedData, network: Network) -> TypedData:
        return permit2_message(terms, number(prepared, "nonce"), number(prepared, "deadline"), network)

    return build


def revocation(bid_digest: str) -> Build:
    """RevokeBid names the bid, which names its task."""

    def build(_terms: Terms, prepared: TypedData, network: Network) -> TypedData:
        message = {"bidDigest": bid_digest, "deadline": number(prepared, "deadline")}
        return escrow_message("RevokeBid", message, network)

    return build


def feedback(agent_id: int, stars: int, capability: str, comment: str) -> Build:
    """ERC-8004 feedback: stars as value, the capability as second tag, the comment's digest as hash."""

    def build(terms: Terms, prepared: TypedData, network: Network) -> TypedData:
        message = {
            "taskId": task_id(terms, network),
            "agentId": agent_id,
            "value": stars,
            "valueDecimals": 0,
            "tag1": "guildhall",
            "tag2": capability,
            "endpoint": "",
            "feedbackURI": "",
            "feedbackHash": digest_of(comment.encode()),
            "deadline": number(prepared, "deadline"),
        }
        return feedback_message(message, network)

    return build


def number(prepared: TypedData, member: str) -> int:
    value = canonical(prepared["message"].get(member), "uint")
    if not isinstance(value, int):
        raise SignatureRefused(f"message.{member}", "a whole number", value)
    return value


def refuse_standing_order(message: TypedData, chain_time: int, seconds: int = MAX_DEADLINE_SECONDS) -> None:
    """A signature that never expires would leave the service a choice of moment for ever."""
    latest = chain_time + seconds
    for member in ("deadline", "validBefore"):
        value = message["message"].get(member)
        if value is not None and value > latest:
            raise SignatureRefused(f"message.{member}", f"at most {latest}", value)
