"""Reading who stored what, and for whom."""

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Content, ContentGrant
from app.database import Address, Digest


async def uploaded_by(session: AsyncSession, digest: Digest, owner: Address) -> Content | None:
    """The upload of these bytes by `owner`."""
    wanted = select(Content).where(Content.digest == digest, Content.owner == owner)
    return (await session.scalars(wanted)).one_or_none()


async def readable_by(session: AsyncSession, digest: Digest, reader: Address) -> Content | None:
    """The content, where `reader` stored it himself or was granted it; None for any other, known or not."""
    granted = exists().where(
        ContentGrant.digest == digest, or_(ContentGrant.reader == reader, ContentGrant.reader.is_(None))
    )
    wanted = (
        select(Content)
        .where(Content.digest == digest, or_(Content.owner == reader, granted))
        .order_by((Content.owner == reader).desc(), Content.created_at)
        .limit(1)
    )
    return (await session.scalars(wanted)).one_or_none()
