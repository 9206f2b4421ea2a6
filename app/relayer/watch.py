"""From a broadcast transaction to a final one, through every reorg on the way.

A receipt is believed only while its block is canonical. What a reorg dropped is sent again byte for byte, lowest
nonce first; what a reorg made impossible fails its intent visibly.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from app.boundary import transaction
from app.clock import database_now
from app.relayer import queries
from app.relayer.models import Transaction
from app.relayer.replace import fill_gaps
from app.relayer.rules import Candidate, ChainView, Step, TransactionState, next_step
from app.relayer.send import send_waiting
from app.relayer.sender import Sender
from app.relayer.settle import settle
from app.relayer.sight import Headers, look, sight


async def watch(sender: Sender) -> None:
    """Settles every open nonce as far as the chain allows now. Raises ChainUnavailable: a later sweep mends it."""
    async with transaction(sender.sessions) as session:
        if not await queries.has_open(session, sender.chain_id, sender.address):
            return
    view = await look(sender)
    async with transaction(sender.sessions) as session:
        stored = await queries.open_transactions(session, sender.chain_id, sender.address, view.nonce)
        now = await database_now(session)
    headers = Headers(sender.chain)
    for nonce, rows in groupby(stored, key=lambda row: row.nonce):
        await follow(sender, headers, view, nonce, list(rows), now)
    await fill_gaps(sender, view.nonce)
    await send_waiting(sender)


async def follow(
    sender: Sender, headers: Headers, view: ChainView, nonce: int, rows: Sequence[Transaction], now: datetime
) -> None:
    """One nonce: where it is, what that means, and the commit that says so."""
    seen = await sight(headers, view, nonce, rows)
    step = next_step(view, nonce, [candidate_of(row) for row in rows], seen, now)
    if step is not Step.KEEP:
        await settle(sender, nonce, step, seen)


def candidate_of(row: Transaction) -> Candidate:
    return Candidate(row.hash, TransactionState(row.state), row.block_hash, row.sends, row.sent_at)
