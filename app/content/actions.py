"""Storing bytes for an account, and granting others to read them."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.content import blobs
from app.content.blobs import Blob
from app.content.models import Content, ContentGrant
from app.database import Address, Digest


async def keep(session: AsyncSession, blob: Blob, owner: Address, media_type: str) -> None:
    """Records that `owner` stored a blob that is in its place; a second time changes nothing."""
    row = {"digest": blob.digest, "owner": owner, "size": blob.size, "media_type": media_type}
    await session.execute(insert(Content).values(row).on_conflict_do_nothing())


async def store_document(session: AsyncSession, root: Path, data: bytes, owner: Address, media_type: str) -> Digest:
    """Stores bytes that the service itself made, for `owner`; returns their SHA-256."""

    async def whole() -> AsyncIterator[bytes]:
        yield data

    blob = await blobs.store(root, whole(), len(data))
    await keep(session, blob, owner, media_type)
    return blob.digest


async def grant(session: AsyncSession, digest: Digest, readers: Iterable[Address | None]) -> None:
    """Lets `readers` read `digest`; None stands for every signed-in account. Granting twice changes nothing.

    The caller has made sure that the party who brings the digest stored these bytes himself
    (`queries.uploaded_by`): otherwise knowing a digest would be enough to read what another stored.
    """
    rows = [{"digest": digest, "reader": reader} for reader in readers]
    if rows:
        await session.execute(insert(ContentGrant).values(rows).on_conflict_do_nothing())
