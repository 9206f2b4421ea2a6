"""Request ids: every response names the request that it answers, the unexpected failure included."""

import logging
import re
import uuid

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problems import unexpected_problem

log = logging.getLogger(__name__)

HEADER = b"x-request-id"
ACCEPTED = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class RequestIds:
    """Outermost ASGI layer: takes the caller's well-formed X-Request-Id or makes one, and answers it back.

    It is also where an error that nobody named becomes a 500 problem: a layer further in could not put
    the id on that response.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", []), (HEADER, request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except ClientDisconnect:
            log.info("client left: method=%s path=%r request_id=%s", scope["method"], scope["path"], request_id)
        except Exception:
            log.exception("request failed: method=%s path=%r request_id=%s", scope["method"], scope["path"], request_id)
            if started:
                raise
            await unexpected_problem(request_id)(scope, receive, send_with_id)


def request_id_of(scope: Scope) -> str:
    """The caller's id where it is well-formed, else a new random one."""
    for name, value in scope["headers"]:
        if name == HEADER and ACCEPTED.fullmatch(value):
            return str(value, "ascii")
    return uuid.uuid4().hex
