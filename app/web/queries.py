"""Reading where the chain's mirror stands."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.chain.models import Cursor


async def newest_cursor(session: AsyncSession) -> Cursor | None:
    """The mirror's cursor, None before its first block."""
    return (await session.scalars(select(Cursor).limit(1))).one_or_none()


async def cursor_and_age(session: AsyncSession) -> tuple[Cursor, timedelta] | None:
    """The mirror's cursor and how long ago it was written."""
    row = (await session.execute(select(Cursor, func.clock_timestamp() - Cursor.updated_at).limit(1))).one_or_none()
    return None if row is None else (row[0], row[1])
