"""Every SELECT of the catalogue."""

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.models import Capability
from app.catalogue.rules import Version


def at_or_below(column: SQLColumnExpression[str], name: str) -> ColumnElement[bool]:
    """A capability and everything below it: text finds text.sort."""
    return or_(column == name, column.startswith(f"{name}.", autoescape=True))


LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('capability:' || CAST(:name AS text), 0))")


async def lock_name(session: AsyncSession, name: str) -> None:
    """Holds a name until the transaction ends, whether anybody published it or not."""
    await session.execute(LOCK, {"name": name})


async def versions_of(session: AsyncSession, name: str) -> list[Capability]:
    """Every version of a capability, oldest first."""
    ordered = select(Capability).where(Capability.name == name).order_by(Capability.major, Capability.minor)
    return list(await session.scalars(ordered))


async def version_of(session: AsyncSession, name: str, version: Version) -> Capability | None:
    """One version of a capability."""
    return await session.get(Capability, (name, version.major, version.minor))


async def newest(session: AsyncSession, *, below: str | None, after: str | None, limit: int) -> list[Capability]:
    """The newest version of each capability by name, after the name `after`; of those at or below `below`."""
    ranked = func.row_number().over(
        partition_by=Capability.name, order_by=(Capability.major.desc(), Capability.minor.desc())
    )
    latest = select(Capability.name, Capability.major, Capability.minor, ranked.label("place")).subquery()
    version = (Capability.name, Capability.major, Capability.minor)
    wanted = select(Capability).join(latest, and_(*(latest.c[column.key] == column for column in version)))
    wanted = wanted.where(latest.c.place == 1).order_by(Capability.name).limit(limit)
    if below is not None:
        wanted = wanted.where(at_or_below(Capability.name, below))
    if after is not None:
        wanted = wanted.where(Capability.name > after)
    return list(await session.scalars(wanted))
