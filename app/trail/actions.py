"""The verbs of the trail. Each works in the caller's transaction and never commits."""

import secrets
from datetime import timedelta

from sqlalchemy import LargeBinary, Text, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Address
from app.relayer.actions import enqueue
from app.relayer.gas.rules import Payer
from app.relayer.models import Intent
from app.trail import queries
from app.trail.models import Anchor, Entry, Origin
from app.trail.rules import anchor_data, origin_digest
from app.web.calls import Call

LINKS_AT_ONCE = 2_000
VERB = "anchor"


async def record(session: AsyncSession, call: Call) -> None:
    """Leaves the row of a call, and beside it where the call came from."""
    salt, origin = secrets.token_bytes(32), call.origin
    entry = insert(Entry).values(
        account=None if call.caller is None else call.caller.address,
        session_id=None if call.caller is None else call.caller.session_id,
        key_id=None if call.caller is None else call.caller.key_id,
        method=call.method,
        path=call.path,
        status=call.status,
        request_digest=call.request_digest,
        answer_digest=call.answer_digest,
        origin_digest=origin_digest(salt, origin.network, origin.user_agent, origin.request_id),
    )
    kept = entry.returning(Entry.id).cte("entry")
    said = (literal(value, Text) for value in (origin.network, origin.user_agent, origin.request_id))
    row = select(kept.c.id, literal(salt, LargeBinary), *said)
    columns = ["entry_id", "salt", "network", "user_agent", "request_id"]
    await session.execute(insert(Origin).from_select(columns, row))


async def link(session: AsyncSession) -> int:
    """Gives committed rows their links, oldest first; how many, 0 while another does it."""
    given = await session.execute(select(func.market.link_trail(LINKS_AT_ONCE)))
    return int(given.scalar_one())


async def anchor(session: AsyncSession, relayer: Address, every: timedelta) -> Intent | None:
    """Has the newest link carried to the chain, once a link has waited for `every`; None while none has."""
    lock = select(func.pg_try_advisory_xact_lock(func.hashtext("guildhall trail anchors")))
    if not (await session.execute(lock)).scalar_one() or not await queries.has_waited(session, every):
        return None
    newest = await queries.head(session)
    if newest is None or newest.position is None or newest.hash is None:
        return None
    attempt = await queries.count_anchors(session, newest.position)
    intent = await enqueue(
        session,
        key=f"trail:{newest.position}:{attempt}",
        verb=VERB,
        task_id=None,
        account=relayer,
        to=relayer,
        data=anchor_data(newest.position, newest.hash),
        payer=Payer.PLATFORM,
    )
    stored = insert(Anchor).values(intent_id=intent.id, position=newest.position, hash=newest.hash)
    await session.execute(stored)
    return intent


async def drop_before(session: AsyncSession, position: int) -> int:
    """Drops the rows before a link that is anchored for good and becomes the beginning; how many."""
    return int((await session.execute(select(func.market.drop_trail_before(position)))).scalar_one())


async def erase_origins_of(session: AsyncSession, account: Address) -> int:
    """Erases where an account's calls came from; how many rows. The chain stays whole."""
    theirs = select(Entry.id).where(Entry.account == account)
    erased = await session.execute(delete(Origin).where(Origin.entry_id.in_(theirs)).returning(Origin.entry_id))
    return len(erased.all())


async def erase_old_origins(session: AsyncSession, days: int, most: int = 5_000) -> int:
    """Erases where calls older than `days` came from, at most so many; how many it were."""
    old = select(Origin.entry_id).join(Entry, Entry.id == Origin.entry_id)
    few = old.where(Entry.at < func.clock_timestamp() - timedelta(days=days)).limit(most)
    erased = await session.execute(delete(Origin).where(Origin.entry_id.in_(few)).returning(Origin.entry_id))
    return len(erased.all())
