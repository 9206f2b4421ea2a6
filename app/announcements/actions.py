"""Announcing, and reacting once to each announcement."""

from collections.abc import Mapping, Sequence

from orjson import dumps as orjson_dumps
from sqlalchemy import cast, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.announcements import queries
from app.announcements.models import Announcement, ReactionCursor

ANNOUNCE_ALL = text("""
SELECT market.announce(said.topic, said.subject, CAST(said.payload AS jsonb))
FROM unnest(CAST(:topics AS text[]), CAST(:subjects AS text[]), CAST(:payloads AS text[]))
    WITH ORDINALITY AS said (topic, subject, payload, place) ORDER BY said.place
""")


def dumps(payload: Mapping[str, object]) -> str:
    return orjson_dumps(payload).decode()


async def announce(session: AsyncSession, topic: str, subject: str, payload: Mapping[str, object]) -> None:
    """Says that `topic` happened to `subject`, if and when the caller's transaction commits."""
    await session.execute(select(func.market.announce(topic, subject, cast(payload, JSONB))))


async def announce_all(session: AsyncSession, said: Sequence[tuple[str, str, Mapping[str, object]]]) -> None:
    """(topic, subject, payload) of each, in their order: as `announce`, in one statement."""
    if not said:
        return
    topics, subjects, payloads = zip(*said, strict=True)
    given = {"topics": topics, "subjects": subjects, "payloads": [dumps(payload) for payload in payloads]}
    await session.execute(ANNOUNCE_ALL, given)


async def next_for(session: AsyncSession, name: str, topics: Sequence[str], limit: int = 100) -> list[Announcement]:
    """The announcements of `topics` after the cursor `name`, which stays locked until the transaction ends.

    Returns nothing while another process holds the cursor. Store the effects and `advance` in this transaction:
    then each announcement has its effect exactly once.
    """
    await sequence(session.bind)
    position = await held_position(session, name)
    if position is None:
        return []
    return await queries.after(session, position, limit, topics=topics)


async def held_position(session: AsyncSession, name: str) -> int | None:
    """Where the cursor `name` stands, locked until the transaction ends; None while another process holds it."""
    await session.execute(insert(ReactionCursor).values(name=name, position=0).on_conflict_do_nothing())
    held = select(ReactionCursor.position).where(ReactionCursor.name == name).with_for_update(skip_locked=True)
    return (await session.execute(held)).scalar_one_or_none()


async def advance(session: AsyncSession, name: str, position: int) -> None:
    """Moves the cursor `name`, locked by next_for, to `position`."""
    moved = update(ReactionCursor).where(ReactionCursor.name == name).values(position=position)
    await session.execute(moved)


async def sequence(bind: object) -> int:
    """Gives committed announcements their positions; the count of those given, 0 while another does it.

    It has a transaction of its own: the sequencer's lock must not wait for what a reader does with his rows.
    """
    if not isinstance(bind, AsyncEngine):
        raise TypeError("announcements are sequenced on an engine, beside the caller's transaction")
    async with bind.begin() as connection:
        return int((await connection.execute(select(func.market.sequence_announcements()))).scalar_one())
