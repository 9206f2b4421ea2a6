"""From a broadcast transaction to a final one, through every reorg on the way.

A receipt is believed only while its block is canonical. What was mined as it should be is written down all at once;
everything else one nonce at a time, lowest first: what a reorg dropped is sent again byte for byte, what a reorg made
impossible fails its intent visibly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from app.boundary import transaction
from app.clock import database_now
from app.faults import reach
from app.relayer import outbox, queries
from app.relayer.gas import books
from app.relayer.models import Transaction
from app.relayer.outbox import Moved, Seen
from app.relayer.replace import fill_gaps
from app.relayer.rules import Candidate, ChainView, IntentState, Sighting, Step, TransactionState, next_step
from app.relayer.send import send_waiting
from app.relayer.sender import Sender
from app.relayer.settle import settle
from app.relayer.sight import Sights, look, sights

FROM_ANY = tuple(IntentState)


@dataclass(frozen=True)
class Found:
    """A nonce's candidates, what stands on the chain of them, and what that means."""

    nonce: int
    rows: Sequence[Transaction]
    seen: Sighting | None
    step: Step

    @property
    def winner(self) -> Transaction | None:
        return next((row for row in self.rows if self.seen is not None and row.hash == self.seen.tx_hash), None)

    @property
    def carried(self) -> UUID | None:
        """The intent whose call did what it was for; None where this is another story."""
        good = self.step in (Step.MINED, Step.FINAL) and self.seen is not None and self.seen.succeeded
        return self.winner.intent_id if good and self.winner is not None else None


async def watch(sender: Sender) -> bool:
    """Settles every open nonce as far as the chain allows now; whether anything moved. Raises ChainUnavailable: a later
    sweep mends it."""
    async with transaction(sender.sessions) as session:
        if not await queries.has_open(session, sender.chain_id, sender.address):
            return False
    view = await look(sender)
    async with transaction(sender.sessions) as session:
        stored = await queries.open_transactions(session, sender.chain_id, sender.address, view.nonce)
        now = await database_now(session)
    seen = await sights(sender.chain, view, stored)
    found = [means(view, nonce, list(rows), seen, now) for nonce, rows in groupby(stored, key=lambda row: row.nonce)]
    moved = [each for each in found if each.step is not Step.KEEP]
    await settle_carried(sender, [each for each in moved if each.carried is not None])
    for each in moved:
        if each.carried is None:
            await settle(sender, each.nonce, each.step, each.seen)
    await fill_gaps(sender, view.nonce)
    await send_waiting(sender)
    return bool(moved)


def means(view: ChainView, nonce: int, rows: Sequence[Transaction], seen: Sights, now: datetime) -> Found:
    sighting = seen.of(rows)
    return Found(nonce, rows, sighting, next_step(view, nonce, [candidate_of(row) for row in rows], sighting, now))


async def settle_carried(sender: Sender, found: Sequence[Found]) -> None:
    """Writes down all that was mined, or became final, as it should be: one commit."""
    if not found:
        return
    seen: list[Seen] = []
    others: dict[str, TransactionState] = {}
    moves: list[Moved] = []
    costs: dict[UUID, int | None] = {}
    for each in found:
        if each.seen is None or each.carried is None:
            raise ValueError("only what is carried is settled here")
        final = each.step is Step.FINAL
        state = TransactionState.FINAL if final else TransactionState.MINED
        seen.append(Seen(each.seen.tx_hash, state, each.seen.block_number, each.seen.block_hash, cost_of(each)))
        left = TransactionState.REPLACED if final else TransactionState.SENT
        others |= {row.hash: left for row in each.rows if row.hash != each.seen.tx_hash}
        moves.append(Moved(each.carried, IntentState.FINAL if final else IntentState.MINED, each.seen.tx_hash))
        costs[each.carried] = cost_of(each)
    async with transaction(sender.sessions) as session:
        await outbox.forget_blocks(session, sender.chain_id, others)
        await outbox.mark_seen(session, sender.chain_id, seen)
        await outbox.move_all(session, moves, only_from=FROM_ANY)
        await books.settle(session, costs)
        reach("relayer.settled_before_commit")


def cost_of(found: Found) -> int | None:
    """In wei: told by a receipt, now or before."""
    if found.seen is not None and found.seen.gas_wei is not None:
        return found.seen.gas_wei
    return None if found.winner is None else found.winner.gas_wei


def candidate_of(row: Transaction) -> Candidate:
    return Candidate(row.hash, TransactionState(row.state), row.block_hash, row.sends, row.sent_at, row.underpriced)
