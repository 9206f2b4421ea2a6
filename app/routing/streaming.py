"""Answers that come in parts: where the caller wants it, the lines of an agent's NDJSON go on as they come."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import orjson

from app.errors import EndpointFailed

NDJSON = "application/x-ndjson"
MAX_LINE = 256 * 1024
END = object()
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL in JSON, which the database does not store; not a backslash before u0000."""


class Sink:
    """Takes the lines of one try, the first that has any: from then on no other agent answers this call, and its time
    is the call's own, until `until` of the running loop's clock."""

    def __init__(self, until: float) -> None:
        self.until = until
        self._lines: asyncio.Queue[Any] = asyncio.Queue()
        self._owner: object | None = None

    @property
    def is_claimed(self) -> bool:
        return self._owner is not None

    def put(self, owner: object, line: Any) -> None:
        """Raises EndpointFailed for another than the first."""
        if self._owner not in (None, owner):
            raise EndpointFailed(reason="another agent was first")
        self._owner = owner
        self._lines.put_nowait(line)

    async def lines(self, work: asyncio.Task[Any]) -> AsyncIterator[Any]:
        """What comes, until the work is done and nothing is left."""
        work.add_done_callback(lambda _: self._lines.put_nowait(END))
        while (line := await self._lines.get()) is not END:
            yield line


def json_of(content: bytes) -> Any:
    """What an agent answered, as the database can store it. Raises EndpointFailed."""
    if NUL.search(content):
        raise EndpointFailed(reason="the answer holds a NUL character")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise EndpointFailed(reason="the answer is not JSON") from error


async def read_lines(parts: AsyncIterator[bytes], most_bytes: int, sink: Sink, owner: object) -> list[Any]:
    """All values of an NDJSON stream, each in the sink as it comes. Raises EndpointFailed for what is none."""
    found: list[Any] = []
    rest, size = b"", 0
    async for part in parts:
        size += len(part)
        if size > most_bytes:
            raise EndpointFailed(reason=f"the answer is over {most_bytes} bytes")
        *whole, rest = (rest + part).split(b"\n")
        if len(rest) > MAX_LINE:
            raise EndpointFailed(reason=f"a line is over {MAX_LINE} bytes")
        found.extend(put_line(line, sink, owner) for line in whole if line.strip())
    if rest.strip():
        found.append(put_line(rest, sink, owner))
    return found


def put_line(line: bytes, sink: Sink, owner: object) -> Any:
    """Raises EndpointFailed."""
    if len(line) > MAX_LINE:
        raise EndpointFailed(reason=f"a line is over {MAX_LINE} bytes")
    value = json_of(line)
    sink.put(owner, value)
    return value
