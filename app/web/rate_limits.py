"""Rate limits for each API key, each wallet, and for each network address that brings neither.

Says where one stands in every answer (draft-ietf-httpapi-ratelimit-headers: RateLimit-Policy, RateLimit).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooManyRequests
from app.web.gcra import MICROSECONDS, Rate, Verdict
from app.web.problems import problem_of
from app.web.rate_counters import RateCounters

UNCOUNTED = frozenset({"/healthz", "/readyz"})
SITE_BITS = 64


class Kind(StrEnum):
    """`NETWORK` is a network address that brings API keys: anybody can make up texts of their form, and each would
    have a bucket of its own."""

    KEY = "key"
    WALLET = "wallet"
    NETWORK = "network"
    ADDRESS = "address"


@dataclass(frozen=True)
class Subject:
    """Who is counted."""

    kind: Kind
    name: str


HolderOf = Callable[[str], Subject | None]
"""Whose a bearer credential claims to be, without asking the database; None for one that cannot be anybody's."""


class RateLimits:
    """ASGI layer that refuses what is over the rate, before a body is read."""

    def __init__(self, app: ASGIApp, counters: RateCounters, rates: Mapping[Kind, Rate], holder_of: HolderOf) -> None:
        self.app = app
        self.counters = counters
        self.rates = rates
        self.holder_of = holder_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNCOUNTED:
            await self.app(scope, receive, send)
            return
        subject, verdict = await self.judge(scope)
        headers = headers_of(subject.kind, self.rates[subject.kind], verdict)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        if verdict.allowed:
            await self.app(scope, receive, send_with_headers)
            return
        refused = TooManyRequests(limited=subject.kind.value, retry_after_seconds=seconds_up(verdict.retry_us))
        await problem_of(refused, scope["state"]["request_id"])(scope, receive, send_with_headers)

    async def judge(self, scope: Scope) -> tuple[Subject, Verdict]:
        """The verdict that refuses, else that on the holder of the credential."""
        holder = self.holder_in(scope)
        if holder is None:
            return await self.count(Subject(Kind.ADDRESS, address_of(scope)))
        if holder.kind is Kind.KEY:
            network, verdict = await self.count(Subject(Kind.NETWORK, address_of(scope)))
            if not verdict.allowed:
                return network, verdict
        return await self.count(holder)

    async def count(self, subject: Subject) -> tuple[Subject, Verdict]:
        """Counts one request of a subject."""
        return subject, await self.counters.take(f"{subject.kind}:{subject.name}", self.rates[subject.kind])

    def holder_in(self, scope: Scope) -> Subject | None:
        """Whose credential the request brings, if any."""
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                return self.holder_of(value[7:].decode("latin-1"))
        return None


def address_of(scope: Scope) -> str:
    """The client's address; of IPv6 the first 64 bits, since whoever has one address there has them all."""
    try:
        address = ip_address((scope.get("client") or ("", 0))[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(ip_network((address, SITE_BITS), strict=False).network_address)
    return str(address)


def headers_of(kind: Kind, rate: Rate, verdict: Verdict) -> list[tuple[bytes, bytes]]:
    """Policy and standing, and when to come again where refused."""
    policy = f'"{kind}";q={rate.burst};w={seconds_up(rate.window_us)}'
    standing = f'"{kind}";r={verdict.remaining};t={seconds_up(verdict.reset_us)}'
    headers = [(b"ratelimit-policy", policy.encode()), (b"ratelimit", standing.encode())]
    if not verdict.allowed:
        headers.append((b"retry-after", str(seconds_up(verdict.retry_us)).encode()))
    return headers


def seconds_up(microseconds: int) -> int:
    """Whole seconds, rounded up: who waits that long is not refused for coming early."""
    return math.ceil(microseconds / MICROSECONDS)
