"""Bytes in CONTENT_DIR, named by their SHA-256: the one place that knows where they lie.

A blob appears by rename, whole or not at all, so two uploads of the same bytes at once are the same file twice over.
Writing and hashing happen in threads: the loop never waits for a disk.
"""

import asyncio
import hashlib
import os
import time
import uuid
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.database import Digest, Hash32
from app.errors import ContentMissing, ContentTooLarge, DigestMismatch

WRITE_BYTES = 256 * 1024
ABANDONED_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Blob:
    """Stored bytes: their SHA-256 and their length."""

    digest: Digest
    size: int


async def store(root: Path, chunks: AsyncIterable[bytes], max_bytes: int, expected: Digest | None = None) -> Blob:
    """Writes a stream to its place and returns what it is.

    Raises ContentTooLarge as soon as it is too long, DigestMismatch when `expected` is another digest, and whatever
    the stream raises; then nothing is left of it.
    """
    await asyncio.to_thread((root / "incoming").mkdir, parents=True, exist_ok=True)
    path = root / "incoming" / uuid.uuid4().hex
    file = await asyncio.to_thread(path.open, "wb")
    try:
        blob = await write(file, chunks, max_bytes)
        if expected is not None and blob.digest != expected:
            raise DigestMismatch(expected=expected, actual=blob.digest)
        await asyncio.to_thread(keep, path, path_of(root, blob.digest))
    finally:
        await asyncio.to_thread(discard, file, path)
    return blob


async def write(file: BinaryIO, chunks: AsyncIterable[bytes], max_bytes: int) -> Blob:
    """Writes and hashes in large steps. Raises ContentTooLarge."""
    hashed, size, waiting = hashlib.sha256(), 0, bytearray()

    def flush() -> None:
        hashed.update(waiting)
        file.write(waiting)
        waiting.clear()

    async for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise ContentTooLarge(limit=max_bytes)
        waiting += chunk
        if len(waiting) >= WRITE_BYTES:
            await asyncio.to_thread(flush)
    await asyncio.to_thread(flush)
    await asyncio.to_thread(sync, file)
    return Blob(Digest(Hash32("0x" + hashed.hexdigest())), size)


async def forget_abandoned(root: Path, older_than_seconds: float = ABANDONED_SECONDS) -> int:
    """Removes what killed processes left half-written; how many. Younger files may be another process's upload."""

    return await asyncio.to_thread(forget_before, root / "incoming", time.time() - older_than_seconds)


def forget_before(folder: Path, oldest: float) -> int:
    """Removes files last written before `oldest`, in unix seconds."""
    removed = 0
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):  # another process finished its upload, or forgot it first
            if path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
    return removed


async def locate(root: Path, digest: Digest) -> Path:
    """The file of a digest, for reading only. Raises ContentMissing."""
    path = path_of(root, digest)
    if not await asyncio.to_thread(path.is_file):
        raise ContentMissing(digest=digest)
    return path


def path_of(root: Path, digest: Digest) -> Path:
    """Two levels of folders keep each of them small."""
    return root / digest[2:4] / digest[4:6] / digest[2:]


def keep(path: Path, target: Path) -> None:
    """Renames to the final name and makes the name as durable as the bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def discard(file: BinaryIO, path: Path) -> None:
    """Closes the file and removes what was not renamed."""
    file.close()
    path.unlink(missing_ok=True)
