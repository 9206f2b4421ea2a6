"""A real HTTP server in the shape of an embedder, which answers as it is told to."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Vectors = Callable[[Sequence[str]], list[Any]]


def by_letters(texts: Sequence[str]) -> list[Any]:
    """Three dimensions: how often a text says a, e and o. Enough to be near or far."""
    return [[1 + text.lower().count(letter) for letter in "aeo"] for text in texts]


class EmbeddingServer(ThreadingHTTPServer):
    """`statuses` are answered first, one a request; `pause_seconds` stand before each byte where `drip` is set."""

    vectors: Vectors = staticmethod(by_letters)
    raw: bytes | None = None
    pause_seconds = 0.0
    drip = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.requests: list[dict[str, Any]] = []
        self.tokens: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/embeddings"


class Handler(BaseHTTPRequestHandler):
    server: EmbeddingServer

    def do_POST(self) -> None:
        server = self.server
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.requests.append(asked)
        server.tokens.append(self.headers.get("Authorization"))
        time.sleep(server.pause_seconds)
        status = server.statuses.pop(0) if server.statuses else 200
        body = server.raw if server.raw is not None else answer_to(server.vectors, asked["input"])
        with suppress(OSError):  # who asked may have gone
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in [body] if not server.drip else [body[at : at + 1] for at in range(len(body))]:
                self.wfile.write(byte)
                self.wfile.flush()
                time.sleep(server.pause_seconds if server.drip else 0)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def answer_to(vectors: Vectors, texts: Sequence[str]) -> bytes:
    """Last first: only the index says which is which."""
    data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors(texts))]
    return json.dumps({"object": "list", "data": data[::-1]}).encode()


@contextmanager
def embedding_server() -> Iterator[EmbeddingServer]:
    server = EmbeddingServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
