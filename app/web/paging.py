"""Opaque cursors: a page ends with the sort key of its last row, and the next one starts after it."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel

from app.errors import BadCursor

Kind = Literal["int", "text", "time", "uuid", "hash", "address"]
Row = TypeVar("Row")
Item = TypeVar("Item")

MAX_CURSOR = 1024
MAX_BIGINT = 2**63 - 1
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
HASH = re.compile(r"0x[0-9a-f]{64}")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True)
class PageRequest:
    """What a list is asked for: at most `limit` rows after `cursor` (None: from the start)."""

    limit: int
    cursor: str | None = None

    def after(self, *kinds: Kind) -> tuple[Any, ...] | None:
        """The sort key to start after, one value for each kind, or None for the first page.

        A cursor is the caller's input: each value is checked as strictly as a body's field. Raises BadCursor.
        """
        return None if self.cursor is None else decode_cursor(self.cursor, kinds)


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None


def page_request(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR, description="next_cursor of the page before")] = None,
) -> PageRequest:
    """The paging parameters that every list takes."""
    return PageRequest(limit, cursor)


Paging = Annotated[PageRequest, Depends(page_request)]


def page_of(
    rows: Sequence[Row], request: PageRequest, key: Callable[[Row], tuple[Any, ...]], wire: Callable[[Row], Item]
) -> Page[Item]:
    """A page from up to `limit + 1` rows: the extra row says that there is a next page and is not shown.

    `key` gives the columns that the list is ordered by; `wire` the item that is shown.
    """
    shown = rows[: request.limit]
    more = len(rows) > request.limit
    return Page(items=[wire(row) for row in shown], next_cursor=encode_cursor(key(shown[-1])) if more else None)


def encode_cursor(key: tuple[Any, ...]) -> str:
    """The sort key as URL-safe text without padding."""
    text = json.dumps(key, default=lambda each: each.isoformat() if isinstance(each, datetime) else str(each))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, kinds: Sequence[Kind]) -> tuple[Any, ...]:
    """The sort key in a cursor. Raises BadCursor where it is not of these kinds."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(key, list) or len(key) != len(kinds):
            raise BadCursor
        return tuple(parse_value(kind, value) for kind, value in zip(kinds, key, strict=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise BadCursor from error


def parse_value(kind: Kind, value: object) -> int | str | datetime | UUID:
    """One value of a cursor. Raises ValueError or BadCursor."""
    match kind, value:
        case "int", int() if not isinstance(value, bool) and 0 <= value <= MAX_BIGINT:
            return value
        case "text", str() if "\0" not in value and value.isprintable():
            return value
        case "hash", str() if HASH.fullmatch(value):
            return value
        case "address", str() if ADDRESS.fullmatch(value):
            return value
        case "uuid", str():
            return UUID(value)
        case "time", str():
            time = datetime.fromisoformat(value)
            if time.tzinfo is not None and EARLIEST <= time <= LATEST:
                return time
    raise BadCursor
