"""JSON-RPC bytes over HTTP/1.1, from threads: a range's logs are megabytes, and a thread reads them at a fraction of
what an event loop's client costs. Connections are kept; each is used by one thread at a time.
"""

import http.client
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import orjson

from indexer.errors import NodeRefused, NodeUnavailable

HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}
OK = 200
MAX_ANSWER_BYTES = 64 << 20
"""What an answer may hold; of a larger one a smaller range is asked for."""
PIECE_BYTES = 60_000
"""What is taken from a connection at once: larger pieces are memory that the system maps anew for each."""


class Wire:
    """One node's URL. A proxy of the environment is never used: a node is named by its URL alone."""

    def __init__(self, url: str, timeout_seconds: float, name: str | None = None) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "?"
        self.name = name or self._host
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._address = (self._host, parts.port)
        self._timeout = timeout_seconds
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._idle: list[http.client.HTTPConnection] = []
        self._open: set[http.client.HTTPConnection] = set()
        self._lock = Lock()

    def post(self, calls: Sequence[tuple[str, list[Any]]]) -> bytes:
        """What the node says to these calls, numbered from 0. Raises NodeUnavailable, or NodeRefused for too much."""
        body = [{"jsonrpc": "2.0", "id": n, "method": name, "params": given} for n, (name, given) in enumerate(calls)]
        try:
            return self._post(orjson.dumps(body))
        except (OSError, http.client.HTTPException) as error:
            raise self.unavailable(error) from error

    def unavailable(self, error: Exception) -> NodeUnavailable:
        """For what is no answer."""
        # The URL's path may hold a secret, and so may the error's text: neither is said.
        return NodeUnavailable(self.name, type(error).__name__)

    def close(self) -> None:
        """Ends what threads wait for, too."""
        with self._lock:
            connections, self._open, self._idle = self._open, set(), []
        for connection in connections:
            if connection.sock is not None:
                with suppress(OSError):  # the other side may have gone first
                    connection.sock.shutdown(2)
            connection.close()

    def _post(self, body: bytes) -> bytes:
        connection = self._take()
        try:
            connection.request("POST", self._path, body, HEADERS)
            deadline = time.monotonic() + self._timeout
            with connection.getresponse() as response:
                answer = read_all(response, deadline)
        except BaseException:
            self._drop(connection)
            raise
        if response.will_close:
            self._drop(connection)
        else:
            with self._lock:
                self._idle.append(connection)
        if response.status != OK:
            after = seconds_in(response.headers.get("retry-after", ""))
            raise NodeUnavailable(self.name, f"status={response.status}", after=after)
        return answer

    def _take(self) -> http.client.HTTPConnection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        host, port = self._address
        if self._tls is not None:
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=self._timeout, context=self._tls
            )
        else:
            made = http.client.HTTPConnection(host, port, timeout=self._timeout)
        with self._lock:
            self._open.add(made)
        return made

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.close()


def read_all(response: http.client.HTTPResponse, deadline: float) -> bytes:
    """The whole body. Raises TimeoutError where it is not there by the deadline, however busily it trickles, and
    NodeRefused where it is too large."""
    pieces, size = [], 0
    while piece := response.read1(PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise NodeRefused("answer", f"it holds more than {MAX_ANSWER_BYTES} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(pieces)


def seconds_in(retry_after: str) -> float:
    """What a Retry-After header (RFC 9110) asks for: seconds, or a date; 0 for what is neither."""
    if retry_after.isdecimal():
        return float(retry_after)
    with suppress(ValueError):
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    return 0.0
