"""The node client against a real HTTP server that answers as nodes do when they fail."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson
import pytest

from indexer.errors import NodeRefused, NodeUnavailable
from indexer.node import Node

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
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted(("127.0.0.1", 0), Handler)
    scripted.sizes = []
    thread = Thread(target=scripted.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield scripted
    scripted.shutdown()
    thread.join()
    scripted.server_close()


def node(*urls: str, finality_depth: int | None = None) -> Node:
    return Node(urls, timeout_seconds=2, finality_depth=finality_depth)


def numbered(call: dict[str, Any]) -> object:
    return {"result": {**BLOCK, "number": call["params"][0]}}


async def test_answers_are_matched_by_id_in_bounded_batches(server: Scripted) -> None:
    server.answer = numbered
    async with node(server.url) as asked:
        blocks = await asked.blocks(1, 150)
    assert [block.number for block in blocks] == list(range(1, 151))
    assert server.sizes == [100, 50]


@pytest.mark.parametrize("lacking", [{"result": None}, {"error": {"message": "finalized block not found"}}])
async def test_a_node_without_the_tag_says_nothing_of_finality(server: Scripted, lacking: object) -> None:
    server.answer = lambda call: lacking if call["params"][0] == "finalized" else {"result": BLOCK}
    async with node(server.url) as asked:
        assert (await asked.tip()).finalized_number is None
    async with node(server.url, finality_depth=5) as asked:
        assert (await asked.tip()).finalized_number == 2


async def test_an_error_is_a_refusal_with_its_message(server: Scripted) -> None:
    server.answer = lambda call: {"error": {"code": -32005, "message": "query returned more than 10000 results"}}
    async with node(server.url) as asked:
        with pytest.raises(NodeRefused, match="more than 10000"):
            await asked.logs([b"\x01" * 20], 1, 2)


async def test_a_block_that_is_not_there_is_a_refusal(server: Scripted) -> None:
    async with node(server.url) as asked:
        with pytest.raises(NodeRefused, match="not known"):
            await asked.blocks(1, 1)


async def test_a_failing_node_is_left_for_the_next_and_no_secret_is_said(server: Scripted) -> None:
    server.answer = numbered
    async with node("http://127.0.0.1:1/secret-key", server.url) as asked:
        with pytest.raises(NodeUnavailable) as refused:
            await asked.blocks(1, 1)
        assert "secret" not in str(refused.value)
        assert [block.number for block in await asked.blocks(1, 1)] == [1]


async def test_a_status_of_too_many_requests_is_unavailable(server: Scripted) -> None:
    server.status = 429
    async with node(server.url) as asked:
        with pytest.raises(NodeUnavailable):
            await asked.chain_id()
