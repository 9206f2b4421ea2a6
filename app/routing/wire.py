"""Talking to an agent's endpoint: only to addresses of the public internet, looked at when connecting, never by name
alone (a name may mean another address the next time)."""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore

from app.errors import EndpointFailed, EndpointRefused
from app.routing.streaming import NDJSON, Sink, json_of, read_lines

FORBIDDEN = tuple(
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "::1/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23"),
        *("2001:db8::/32", "2002::/16", "3fff::/20", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
"""IANA's special-purpose registries (RFC 6890 and its successors), and what leads into them by translation."""
MAX_ANSWER = 1024 * 1024
CONNECT_SECONDS = 2.0


def is_forbidden(address: IPv4Address | IPv6Address) -> bool:
    """Whether nothing may be sent there. A scope or a mapped address does not help."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return True
    return any(address in network for network in FORBIDDEN if network.version == address.version)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the address that was looked at, and to no other."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is the library's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout or CONNECT_SECONDS):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError) as error:
            raise httpcore.ConnectError(f"{host} has no address") from error
        addresses = [str(each[4][0]) for each in found]
        if not self._allow_private:
            for address in addresses:
                if is_forbidden(ip_address(address.partition("%")[0])):
                    raise EndpointRefused(host=host, address=address)
        return await self._backend.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class Wire:
    """Connections to agents, kept open between calls."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=1_000,
            max_keepalive_connections=200,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(allow_private),
        )

    async def close(self) -> None:
        await self._pool.aclose()

    async def post(
        self, url: str, body: bytes, seconds: float, headers: dict[str, str], sink: Sink | None = None
    ) -> Any:
        """The JSON that an endpoint answers; of NDJSON, which only goes to a sink, the array of its values. No redirect
        is followed. Raises EndpointFailed, EndpointRefused."""
        accepts = "application/json" if sink is None else f"{NDJSON}, application/json;q=0.5"
        sent = [("Content-Type", "application/json"), ("Accept", accepts), *headers.items()]
        limits = {"connect": min(seconds, CONNECT_SECONDS), "read": seconds, "write": seconds, "pool": seconds}
        try:
            async with asyncio.timeout(seconds) as limit:
                async with self._pool.stream(
                    "POST", url, headers=sent, content=body, extensions={"timeout": limits}
                ) as answer:
                    status = answer.status
                    if sink is not None and status == 200 and is_ndjson(answer):
                        limit.reschedule(sink.until)
                        return await read_lines(answer.aiter_stream(), MAX_ANSWER, sink, answer)
                    content = await read_all(answer)
        except TimeoutError as error:
            raise EndpointFailed(reason=f"no answer within {seconds:.2f} s") from error
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise EndpointFailed(reason=type(error).__name__) from error
        except httpcore.UnsupportedProtocol as error:
            raise EndpointFailed(reason="the address is neither http nor https") from error
        if status != 200:
            raise EndpointFailed(reason=f"status {status}")
        return json_of(content)


def is_ndjson(answer: httpcore.Response) -> bool:
    """Whether it comes line by line."""
    kinds = (value for name, value in answer.headers if name.lower() == b"content-type")
    return any(kind.partition(b";")[0].strip().lower() == NDJSON.encode() for kind in kinds)


async def read_all(answer: httpcore.Response) -> bytes:
    """The body, up to MAX_ANSWER. Raises EndpointFailed beyond."""
    parts, size = [], 0
    async for part in answer.aiter_stream():
        size += len(part)
        if size > MAX_ANSWER:
            raise EndpointFailed(reason=f"the answer is over {MAX_ANSWER} bytes")
        parts.append(part)
    return b"".join(parts)
