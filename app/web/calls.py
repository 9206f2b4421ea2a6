"""What a call that changed something tells the trail. Who keeps it is handed in by main, as `authenticate` is."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.web.caller import Caller

MAX_USER_AGENT = 500
ONLY_TO_SIGN = ("/prepare", "/nonce")
"""Ends of routes that only answer what is to be signed: no effect is left, and anybody may ask for ever."""


@dataclass(frozen=True)
class Origin:
    """Where a call came from: personal data."""

    network: str
    user_agent: str
    request_id: str


@dataclass(frozen=True)
class Call:
    """A call that was answered, in the transaction of its effect. The digests are SHA-256 of the two bodies."""

    caller: Caller | None
    method: str
    path: str
    status: int
    request_digest: bytes
    answer_digest: bytes
    origin: Origin


Record = Callable[[AsyncSession, Call], Awaitable[None]]
"""Leaves a row of the call, if and when the transaction commits."""


def leaves_row(method: str, route: str) -> bool:
    """Whether a route, by its path template, changes what the trail is for."""
    return method not in ("GET", "HEAD") and not route.endswith(ONLY_TO_SIGN)


def speak_for(request: Request, caller: Caller) -> None:
    """Says who the request turned out to be from."""
    request.state.caller = caller


def call_of(request: Request, request_digest: bytes, response: Response) -> Call:
    """The call as it is answered."""
    network = "" if request.client is None else request.client.host
    agent = request.headers.get("user-agent", "")[:MAX_USER_AGENT]
    return Call(
        caller=getattr(request.state, "caller", None),
        method=request.method,
        path=request.url.path,
        status=response.status_code,
        request_digest=request_digest,
        answer_digest=hashlib.sha256(response.body).digest(),
        origin=Origin(network, agent.replace("\0", ""), request.state.request_id),
    )
