"""Content is named by its SHA-256."""

import base64
import hashlib

from sdk.errors import DigestMismatch


def digest_of(body: bytes) -> str:
    return "0x" + hashlib.sha256(body).hexdigest()


def content_digest_header(body: bytes) -> str:
    """RFC 9530 `Content-Digest`."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def refuse_other(body: bytes, digest: str) -> bytes:
    """The bytes themselves when they have this digest; raises DigestMismatch."""
    actual = digest_of(body)
    if actual != digest:
        raise DigestMismatch(digest, actual)
    return body
