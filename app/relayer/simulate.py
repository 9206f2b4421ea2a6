"""Asking the chain whether a call would succeed now, before anything is signed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.chain.contracts import decode_revert
from app.chain.rpc import AsyncChain, BlockTag
from app.database import Address
from app.errors import CallReverted, RpcRefused
from app.relayer.models import Intent
from app.relayer.rules import gas_limit

AT_ONCE = 8


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
    """One outcome for each intent, in their order. Raises ChainUnavailable."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def in_turn(intent: Intent) -> Outcome:
        async with turn:
            return await simulate(chain, sender, intent)

    return list(await asyncio.gather(*(in_turn(intent) for intent in intents)))


async def simulate(chain: AsyncChain, sender: Address, intent: Intent) -> Outcome:
    """At the latest block, from the account that will send it."""
    to = Address(intent.to_address)
    try:
        await chain.call(to, intent.calldata, sender=sender)
        return Passed(gas_limit(await chain.estimate_gas(to, intent.calldata, sender=sender)))
    except CallReverted as error:
        return Refused(explain(error))
    except RpcRefused as error:
        return Unanswered(error.message)


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
