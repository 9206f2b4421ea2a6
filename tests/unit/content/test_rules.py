"""Headers of an upload."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.rules import DEFAULT_MEDIA_TYPE, digest_field, parse_content_digest, parse_media_type
from app.errors import DigestHeaderMalformed, MediaTypeMalformed

DIGEST = "0x" + hashlib.sha256(b"x").hexdigest()


@given(st.binary(min_size=32, max_size=32))
def test_reads_what_it_writes(raw: bytes) -> None:
    assert parse_content_digest(digest_field("0x" + raw.hex())) == "0x" + raw.hex()


def test_reads_its_member_among_others() -> None:
    assert parse_content_digest(f"sha-512=:AAAA:, {digest_field(DIGEST)} ,unixsum=:AA==:") == DIGEST


@given(st.text())
def test_refuses_any_other_text(header: str) -> None:
    with pytest.raises(DigestHeaderMalformed):
        parse_content_digest(header)


GOOD = ("text/plain", "text/plain; charset=utf-8", "application/vnd.x+json;v=1", 'text/plain; charset="utf-8"')
BAD = ("", "text", "text/", "/plain", "a/b/c", "a/b\r\nX: 1", "text/plain;", "t\u00e9xt/plain", "a/" + "b" * 200)


def test_media_types() -> None:
    assert parse_media_type(None) == DEFAULT_MEDIA_TYPE
    for good in GOOD:
        assert parse_media_type(good) == good
    for bad in BAD:
        with pytest.raises(MediaTypeMalformed):
            parse_media_type(bad)
