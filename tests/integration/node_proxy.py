"""A server before a real node, for tests that spoil what it says."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import orjson


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed hangs up: nothing to say about it. Everything else is an error of the test."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """`client` asks the node."""

    client: httpx.Client
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if not body:  # a client that was killed
            self.close_connection = True
            return
        try:
            self.take(orjson.loads(body))
        except (BrokenPipeError, ConnectionResetError, httpx.HTTPError):  # a client that was killed, a busy node
            self.close_connection = True

    def take(self, asked: Any) -> None:
        """One call, or several."""
        raise NotImplementedError

    def send_json(self, status: int, body: bytes, *, length: int | None = None) -> None:
        """Of a body, so many bytes."""
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:length])

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def served(base: type[Handler], node_url: str, **fields: object) -> Iterator[str]:
    """The proxy's URL, until the end of the block; each handler has these fields."""
    client = httpx.Client(base_url=node_url, timeout=20, trust_env=False)
    server = Server(("127.0.0.1", 0), type("Served", (base,), {"client": client, **fields}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        client.close()
