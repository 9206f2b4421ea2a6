"""Limits on request bodies: bytes and nesting, enforced before anything parses them."""

import asyncio
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import BodyTooDeep, BodyTooLarge, GuildhallError, UploadStalled
from app.web.problems import problem_of

MAX_BODY_BYTES = 1024 * 1024
MAX_BODY_DEPTH = 32
STALL_SECONDS = 30.0
# Possessive, and the closing quote optional: one pass, however the quotes and backslashes fall.
STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
OPENING = b"[{"
NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


class BodyLimits:
    """Reads each body up to a limit before the application sees it, and refuses more with a problem.

    Content-Length alone is not believed: a chunked body has none. `streamed` holds the (method, path) pairs
    that read their own body as a stream and bring their own limit.
    """

    def __init__(
        self,
        app: ASGIApp,
        streamed: frozenset[tuple[str, str]] = frozenset(),
        max_bytes: int = MAX_BODY_BYTES,
        max_depth: int = MAX_BODY_DEPTH,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self.app = app
        self.streamed = streamed
        self.max_bytes = max_bytes
        self.max_depth = max_depth
        self.stall_seconds = stall_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) in self.streamed:
            await self.app(scope, receive, send)
            return
        try:
            body = await self.read(scope, receive)
        except GuildhallError as error:
            await problem_of(error, scope["state"]["request_id"])(scope, receive, send)
            return
        if body is not None:
            await self.app(scope, replay(body, receive), send)

    async def read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body, or None when the client left before its end."""
        if declared_length(scope) > self.max_bytes:
            raise BodyTooLarge(limit=self.max_bytes)
        body = bytearray()
        while True:
            message = await self.next_message(receive)
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self.max_bytes:
                raise BodyTooLarge(limit=self.max_bytes)
            if not message.get("more_body", False):
                refuse_deep_nesting(body, self.max_depth)
                return bytes(body)

    async def next_message(self, receive: Receive) -> Message:
        """What comes next of the body. Raises UploadStalled when nothing comes for too long."""
        try:
            async with asyncio.timeout(self.stall_seconds):
                return await receive()
        except TimeoutError as error:
            raise UploadStalled(seconds=self.stall_seconds) from error


def declared_length(scope: Scope) -> int:
    """Content-Length, or 0 where it is missing or no number."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) < 20:
            return int(value)
    return 0


def refuse_deep_nesting(body: bytes | bytearray, limit: int) -> None:
    """Raises BodyTooDeep when arrays and objects nest deeper than `limit`; brackets in strings don't count."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return
    depth = 0
    for bracket in STRINGS.sub(b"", body).translate(None, NOT_BRACKETS):
        depth += 1 if bracket in OPENING else -1
        if depth > limit:
            raise BodyTooDeep(limit=limit)


def replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives `body` once and then what the server says next (a disconnect)."""
    given = False

    async def receive_body() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body
