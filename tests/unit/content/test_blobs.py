"""Blobs appear whole or not at all, under the digest of their bytes."""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.content import blobs
from app.database import Digest, Hash32
from app.errors import ContentMissing, ContentTooLarge, DigestMismatch

ZERO = Digest(Hash32("0x" + "00" * 32))


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def broken() -> AsyncIterator[bytes]:
    yield b"half"
    raise ConnectionResetError


async def test_stores_what_comes_under_its_digest(tmp_path: Path) -> None:
    blob = await blobs.store(tmp_path, pieces(b"a" * 300_000, b"", b"b"), 300_001)
    assert blob.size == 300_001
    assert blob.digest == "0x" + hashlib.sha256(b"a" * 300_000 + b"b").hexdigest()
    assert (await blobs.locate(tmp_path, blob.digest)).read_bytes() == b"a" * 300_000 + b"b"
    assert await blobs.store(tmp_path, pieces(b"a" * 300_000 + b"b"), 300_001, blob.digest) == blob


@pytest.mark.parametrize(
    ("chunks", "error"),
    [(pieces(b"12", b"34"), ContentTooLarge), (pieces(b"123"), DigestMismatch), (broken(), ConnectionResetError)],
)
async def test_leaves_nothing_of_what_it_refuses(
    tmp_path: Path, chunks: AsyncIterator[bytes], error: type[Exception]
) -> None:
    limit = 1024 if error is ConnectionResetError else 3
    with pytest.raises(error):
        await blobs.store(tmp_path, chunks, limit, ZERO)
    assert files_under(tmp_path) == []


async def test_names_a_blob_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ContentMissing):
        await blobs.locate(tmp_path, ZERO)


async def test_forgets_what_was_abandoned_long_ago(tmp_path: Path) -> None:
    assert await blobs.forget_abandoned(tmp_path) == 0
    (tmp_path / "incoming").mkdir()
    old, young = tmp_path / "incoming" / "old", tmp_path / "incoming" / "young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert await blobs.forget_abandoned(tmp_path) == 1
    assert (old.exists(), young.exists()) == (False, True)


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
