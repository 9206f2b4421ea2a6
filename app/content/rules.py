"""What an upload's headers may say."""

import base64
import binascii
import re

from app.errors import DigestHeaderMalformed, MediaTypeMalformed

DEFAULT_MEDIA_TYPE = "application/octet-stream"
DIGEST_MEMBER = re.compile(r"\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*")
MEDIA_TYPE = re.compile(
    r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64}(; ?[a-z0-9-]{1,32}=[A-Za-z0-9\"._-]{1,64}){0,4}"
)


def parse_content_digest(header: str) -> str:
    """The SHA-256 in a Content-Digest header (RFC 9530) as 0x-hex. Raises DigestHeaderMalformed.

    Members of other algorithms stand beside it unread.
    """
    for member in header.split(","):
        found = DIGEST_MEMBER.fullmatch(member)
        if found is not None:
            try:
                return "0x" + base64.b64decode(found[1], validate=True).hex()
            except binascii.Error as error:
                raise DigestHeaderMalformed from error
    raise DigestHeaderMalformed


def digest_field(digest: str) -> str:
    """A digest as the value of Repr-Digest or Content-Digest."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(digest[2:])).decode()}:"


def parse_media_type(header: str | None) -> str:
    """The media type to keep with an upload. Raises MediaTypeMalformed."""
    if header is None:
        return DEFAULT_MEDIA_TYPE
    if not MEDIA_TYPE.fullmatch(header):
        raise MediaTypeMalformed
    return header
