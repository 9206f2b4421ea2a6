"""Asking the chain whether calls would succeed now, before anything is signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.chain.contracts import decode_revert
from app.chain.json_rpc import BlockTag, call_object
from app.chain.rpc import AsyncChain
from app.database import Address
from app.errors import CallReverted, RpcRefused
from app.relayer.models import Intent
from app.relayer.rules import gas_limit


@dataclass(frozen=True)
class Passed:
    gas_limit: int


@dataclass(frozen=True)
class Refused:
    """The contract said no; `error` is what it said, as JSON."""

    error: dict[str, Any]


@dataclass(frozen=True)
class Unanswered:
    """The node said something that is neither yes nor no."""

    message: str


Outcome = Passed | Refused | Unanswered


async def simulate_all(chain: AsyncChain, sender: Address, intents: Sequence[Intent]) -> list[Outcome]:
    """One outcome for each intent, in their order, at the latest block. Raises ChainUnavailable.

    The estimate is the simulation: it runs the call, and is refused with the contract's words where that reverts.
    """
    calls = [call_object(Address(each.to_address), each.calldata, sender, None) for each in intents]
    return [outcome_of(answer) for answer in await chain.batch([("eth_estimateGas", call, "latest") for call in calls])]


def outcome_of(answer: Any) -> Outcome:
    """What a node's answer to an estimate means."""
    match answer:
        case CallReverted():
            return Refused(explain(answer))
        case RpcRefused(message=message):
            return Unanswered(message)
        case _:
            return Passed(gas_limit(int(answer, 16)))


async def why_reverted(chain: AsyncChain, sender: Address, intent: Intent, block: BlockTag) -> dict[str, Any] | None:
    """What the contract says to the same call after `block`; None where it no longer refuses or nobody can tell."""
    try:
        await chain.call(Address(intent.to_address), intent.calldata, sender=sender, block=block)
    except CallReverted as error:
        return explain(error)
    except RpcRefused:  # a node that keeps no state of that block: the failure stands, only its words are missing
        return None
    return None


def explain(error: CallReverted) -> dict[str, Any]:
    """{"name", "args", "text"} of a custom error, or {"text"} where it is none of ours."""
    revert = decode_revert(error.data)
    if revert is None:
        return {"text": str(error.facts["message"])}
    return {"name": revert.name, "args": revert.args, "text": str(revert)}
