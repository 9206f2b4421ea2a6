"""Cursors give back the key they were made of, and nothing but a key of the asked kinds."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadCursor
from app.web.paging import EARLIEST, LATEST, MAX_BIGINT, PageRequest, decode_cursor, encode_cursor, page_of

TIMES = st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None), timezones=st.just(UTC))
HASHES = st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex())


@given(st.tuples(TIMES, st.uuids(), st.integers(0, MAX_BIGINT), HASHES))
def test_gives_back_the_key(key: tuple[Any, ...]) -> None:
    assert decode_cursor(encode_cursor(key), ("time", "uuid", "int", "hash")) == key


@given(st.text(max_size=200))
def test_refuses_or_reads_any_text(cursor: str) -> None:
    try:
        (value,) = decode_cursor(cursor, ("int",))
    except BadCursor:
        return
    assert isinstance(value, int)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", -1),
        ("int", 2**63),
        ("int", True),
        ("int", 1.0),
        ("int", "1"),
        ("text", "\0"),
        ("text", 1),
        ("hash", "0x" + "A" * 64),
        ("hash", "0x" + "a" * 63),
        ("uuid", "x"),
        ("time", "2026-01-01T00:00:00"),
        ("time", "0001-01-01T00:00:00+14:00"),
        ("time", None),
    ],
)
def test_refuses_values_of_another_kind(kind: Any, value: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([value]).encode()).rstrip(b"=").decode()
    with pytest.raises(BadCursor):
        decode_cursor(cursor, (kind,))


def test_refuses_a_key_of_another_length() -> None:
    with pytest.raises(BadCursor):
        decode_cursor(encode_cursor((1, 2)), ("int",))


@given(st.lists(st.integers(0, MAX_BIGINT), unique=True, max_size=30), st.integers(1, 10))
def test_pages_join_to_the_whole_list(rows: list[int], limit: int) -> None:
    rows = sorted(rows)
    request, seen = PageRequest(limit), []
    for _ in range(len(rows) + 1):
        after = request.after("int")
        left = [row for row in rows if after is None or row > after[0]]
        page = page_of(left[: limit + 1], request, key=lambda row: (row,), wire=lambda row: row)
        seen += page.items
        if page.next_cursor is None:
            break
        request = PageRequest(limit, page.next_cursor)
    assert seen == rows


def test_a_time_keeps_its_microseconds() -> None:
    time = datetime(2026, 11, 20, 18, 50, 0, 123456, tzinfo=UTC)
    assert decode_cursor(encode_cursor((time,)), ("time",)) == (time,)
