"""Writing many rows of the outbox at once: one statement whatever their number, each guarded by the state it expects.

A sweep that lost its lock unawares, or a second one, finds nothing to change where the first was.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce_all
from app.database import Address
from app.relayer.models import Intent
from app.relayer.queries import intents_by_id
from app.relayer.rules import IntentState, TransactionState

PASS = text("""
UPDATE market.intents AS i SET state = 'simulated', gas_limit = given.gas, sender = given.sender, updated_at = now()
FROM unnest(CAST(:ids AS uuid[]), CAST(:gas AS bigint[]), CAST(:senders AS bytea[])) AS given (id, gas, sender)
WHERE i.id = given.id AND i.state IN ('queued', 'simulated') AND i.tx_hash IS NULL
""")
NAME = text("""
UPDATE market.intents AS i SET tx_hash = given.hash
FROM unnest(CAST(:ids AS uuid[]), CAST(:hashes AS bytea[])) AS given (id, hash) WHERE i.id = given.id
""")
SENT = text("""
UPDATE market.transactions SET state = 'sent', sends = sends + 1, sent_at = clock_timestamp(),
    underpriced = hash = ANY(CAST(:underpriced AS bytea[]))
WHERE chain_id = :chain_id AND hash = ANY(CAST(:hashes AS bytea[])) AND state IN ('signed', 'sent')
""")
SEEN = text("""
UPDATE market.transactions AS t SET state = given.state, block_number = given.number, block_hash = given.block,
    succeeded = true, was_mined = true, gas_wei = given.wei
FROM unnest(CAST(:hashes AS bytea[]), CAST(:states AS text[]), CAST(:numbers AS bigint[]), CAST(:blocks AS bytea[]),
            CAST(:wei AS numeric[])) AS given (hash, state, number, block, wei)
WHERE t.chain_id = :chain_id AND t.hash = given.hash AND t.state <> 'replaced'
    AND (t.state <> 'final' OR given.state = 'final')
""")
REPLACED = text("""
UPDATE market.transactions AS t SET state = given.state, block_number = NULL, block_hash = NULL, succeeded = NULL
FROM unnest(CAST(:hashes AS bytea[]), CAST(:states AS text[])) AS given (hash, state)
WHERE t.chain_id = :chain_id AND t.hash = given.hash
""")
MOVE = text("""
UPDATE market.intents AS i SET state = given.state, tx_hash = coalesce(given.hash, i.tx_hash), reason = NULL,
    error = NULL, updated_at = clock_timestamp()
FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:hashes AS bytea[])) AS given (id, state, hash)
WHERE i.id = given.id AND i.state <> given.state AND i.state = ANY(CAST(:from AS text[]))
RETURNING i.id
""")


@dataclass(frozen=True, slots=True)
class Moved:
    """An intent and where it goes; `tx_hash` is what carried it, None where that stays."""

    intent_id: UUID
    state: IntentState
    tx_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A transaction in a canonical block that did what it was for. `gas_wei` is what it cost."""

    tx_hash: str
    state: TransactionState
    block_number: int
    block_hash: str
    gas_wei: int | None


async def pass_simulation(session: AsyncSession, passed: Sequence[tuple[UUID, int, Address]]) -> None:
    """(intent, gas limit, the account that shall send it): each may have a nonce."""
    if passed:
        ids, gas, senders = zip(*passed, strict=True)
        await session.execute(PASS, {"ids": ids, "gas": gas, "senders": [raw(sender) for sender in senders]})


async def name_transactions(session: AsyncSession, hashes: Mapping[UUID, str]) -> None:
    """Which transaction carries each intent."""
    await session.execute(NAME, {"ids": list(hashes), "hashes": [raw(each) for each in hashes.values()]})


async def mark_sent(
    session: AsyncSession, chain_id: int, hashes: Collection[str], underpriced: Collection[str] = ()
) -> None:
    """A node has them, or finds them underpriced; nothing where something newer is known by now."""
    given = {"hashes": [raw(each) for each in hashes], "underpriced": [raw(each) for each in underpriced]}
    await session.execute(SENT, {"chain_id": chain_id, **given})


async def mark_seen(session: AsyncSession, chain_id: int, seen: Sequence[Seen]) -> None:
    """Where each was mined, or that it is final there."""
    if seen:
        given = {
            "hashes": [raw(each.tx_hash) for each in seen],
            "states": [str(each.state) for each in seen],
            "numbers": [each.block_number for each in seen],
            "blocks": [raw(each.block_hash) for each in seen],
            "wei": [each.gas_wei for each in seen],
        }
        await session.execute(SEEN, {"chain_id": chain_id, **given})


async def forget_blocks(session: AsyncSession, chain_id: int, states: Mapping[str, TransactionState]) -> None:
    """The state of each of these transactions, which are in no canonical block."""
    if states:
        given = {"hashes": [raw(each) for each in states], "states": [str(each) for each in states.values()]}
        await session.execute(REPLACED, {"chain_id": chain_id, **given})


async def move_all(session: AsyncSession, moves: Sequence[Moved], *, only_from: Collection[IntentState]) -> None:
    """Each into its state, announced; nothing where it is there already, or in a state that is not named."""
    if not moves:
        return
    given = {
        "ids": [each.intent_id for each in moves],
        "states": [str(each.state) for each in moves],
        "hashes": [None if each.tx_hash is None else raw(each.tx_hash) for each in moves],
        "from": [str(each) for each in only_from],
    }
    moved = set(await session.scalars(MOVE, given))
    intents = await intents_by_id(session, [each.intent_id for each in moves if each.intent_id in moved])
    await announce_all(session, [(f"intent.{each.state}", subject_of(each), facts_of(each)) for each in intents])


def subject_of(intent: Intent) -> str:
    """Whom an announcement of an intent is about."""
    return f"account:{intent.account}" if intent.task_id is None else f"task:{intent.task_id}"


def facts_of(intent: Intent) -> dict[str, Any]:
    """What an announcement says of an intent."""
    return {
        "intent_id": str(intent.id),
        "key": intent.key,
        "verb": intent.verb,
        "state": intent.state,
        "reason": intent.reason,
        "error": intent.error,
        "tx_hash": intent.tx_hash,
    }


def raw(text_: str) -> bytes:
    """A hash or an address as its column holds it."""
    return bytes.fromhex(text_[2:])
