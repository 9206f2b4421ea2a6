"""A real HTTP server that answers as it is told to."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson

BLOCK = {
    "number": "0x7",
    "hash": "0x" + "07" * 32,
    "parentHash": "0x" + "06" * 32,
    "timestamp": "0x3e8",
    "logsBloom": "0x" + "00" * 256,
}
Answer = Callable[[dict[str, Any]], object]


class Scripted(ThreadingHTTPServer):
    """Answers each call of a batch by `answer`, in reverse order; with a status other than 200, not at all."""

    answer: Answer = staticmethod(lambda call: {"result": None})
    status = 200
    headers: Mapping[str, str] = {}
    pause = 0.0
    """Seconds before each answer, and between its pieces where `pieces` is above 1."""
    pieces = 1
    sizes: list[int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-key"


class Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_POST(self) -> None:
        calls = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.sizes.append(len(calls))
        body = orjson.dumps([{"id": call["id"], **dict(self.server.answer(call))} for call in reversed(calls)])  # type: ignore[call-overload]  # JSON
        time.sleep(self.server.pause)
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(body)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        size = -(-len(body) // self.server.pieces)
        with suppress(ConnectionError):  # who asked may have gone
            for start in range(0, len(body), size):
                self.wfile.write(body[start : start + size])
                self.wfile.flush()
                time.sleep(self.server.pause if self.server.pieces > 1 else 0)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def scripted() -> Iterator[Scripted]:
    """Answers until the end of the block."""
    server = Scripted(("127.0.0.1", 0), Handler)
    server.sizes = []
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
