"""A body that stops coming is given up, and the application never sees it."""

import asyncio
import json

from starlette.types import Message, Receive, Scope, Send

from app.web.limits import BodyLimits


async def unreachable(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("half a body reached the application")


async def test_gives_up_a_stalled_body() -> None:
    sent: list[Message] = []
    coming: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> Message:
        if coming:
            return coming.pop()
        await asyncio.Event().wait()
        raise AssertionError("nothing sets this event")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "state": {"request_id": "r"}}
    await BodyLimits(unreachable, stall_seconds=0.05)(scope, receive, send)
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["type"] == "urn:guildhall:problem:upload-stalled"
