"""A node that costs next to nothing: it serves a stored chain over JSON-RPC, and counts what it is asked.

`python -m bench.indexer_server SHAPE` prints its port; it ends when its input does.
"""

import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import orjson

from bench.indexer_chain import CHAIN_ID, SHAPES, Stored, open_chain

FINALITY_BLOCKS = 64


class Server(ThreadingHTTPServer):
    """`counts` has calls by method, and `requests` over HTTP."""

    daemon_threads = True

    def __init__(self, stored: Stored) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.stored, self.counts, self.lock = stored, Counter[str](), Lock()

    def result_of(self, method: str, params: list[Any]) -> bytes | memoryview:
        """The JSON text of one call's result."""
        match method:
            case "eth_chainId":
                return orjson.dumps(hex(CHAIN_ID))
            case "eth_blockNumber":
                return orjson.dumps(hex(self.stored.shape.blocks))
            case "eth_getBlockByNumber":
                return self.stored.headers[self.number(params[0])]
            case "eth_getLogs":
                return self.stored.logs_of(self.number(params[0]["fromBlock"]), self.number(params[0]["toBlock"]))
            case "bench_counts":
                return self.taken()
            case other:
                raise ValueError(other)

    def number(self, tag: str) -> int:
        head = self.stored.shape.blocks
        return {"latest": head, "finalized": head - FINALITY_BLOCKS}.get(tag) or int(tag, 16)

    def taken(self) -> bytes:
        """The counts so far, which begin anew."""
        with self.lock:
            said = orjson.dumps(dict(self.counts))
            self.counts.clear()
        return said


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        asked = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
        calls = asked if isinstance(asked, list) else [asked]
        with self.server.lock:
            self.server.counts["requests"] += 1
            self.server.counts.update(call["method"] for call in calls)
        parts: list[bytes | memoryview] = []
        for call in calls:
            parts += self.answer(call)
        parts = [b"[", *parts[1:], b"]"] if isinstance(asked, list) else parts[1:]
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(sum(map(len, parts))))
        self.end_headers()
        self.wfile.writelines(parts)

    def answer(self, call: dict[str, Any]) -> list[bytes | memoryview]:
        """A comma, and the answer; logs go out as they lie in the file."""
        result = self.server.result_of(call["method"], call["params"])
        listed = call["method"] == "eth_getLogs"
        before, after = (b"[", b"]}") if listed else (b"", b"}")
        head = b'{"jsonrpc":"2.0","id":%s,"result":%s' % (orjson.dumps(call["id"]), before)
        return [b",", head, result, after]

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def main(shape: str) -> None:
    """Serves until standard input is closed, so that it never outlives whoever started it."""
    server = Server(open_chain(SHAPES[shape]))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
