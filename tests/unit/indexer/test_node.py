"""The node client against a real HTTP server that answers as nodes do when they fail."""

import time
from collections.abc import Iterator
from contextlib import closing
from email.utils import formatdate
from typing import Any

import pytest

from indexer.errors import NodeRefused, NodeUnavailable
from indexer.node import Node
from tests.unit.indexer.scripted import BLOCK, Scripted, scripted


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


def node(url: str, *, timeout_seconds: float = 2, finality_depth: int | None = None) -> closing[Node]:
    return closing(Node(url, timeout_seconds=timeout_seconds, finality_depth=finality_depth))


def numbered(call: dict[str, Any]) -> object:
    return {"result": {**BLOCK, "number": call["params"][0]}}


async def test_answers_are_matched_by_id_in_bounded_batches(server: Scripted) -> None:
    server.answer = numbered
    with node(server.url) as asked:
        blocks = await asked.blocks(1, 150)
    assert [block.number for block in blocks] == list(range(1, 151))
    assert server.sizes == [100, 50]


@pytest.mark.parametrize("lacking", [{"result": None}, {"error": {"message": "finalized block not found"}}])
async def test_a_node_without_the_tag_says_nothing_of_finality(server: Scripted, lacking: object) -> None:
    server.answer = lambda call: lacking if call["params"][0] == "finalized" else {"result": BLOCK}
    with node(server.url) as asked:
        assert (await asked.tip()).finalized_number is None
    with node(server.url, finality_depth=5) as asked:
        assert (await asked.tip()).finalized_number == 2


async def test_an_error_is_a_refusal_with_its_message(server: Scripted) -> None:
    server.answer = lambda call: {"error": {"code": -32005, "message": "query returned more than 10000 results"}}
    with node(server.url) as asked, pytest.raises(NodeRefused, match="more than 10000"):
        await asked.logs([b"\x01" * 20], 1, 2)


async def test_a_block_that_is_not_there_is_a_refusal(server: Scripted) -> None:
    with node(server.url) as asked, pytest.raises(NodeRefused, match="not known"):
        await asked.blocks(1, 1)


async def test_no_secret_is_said_of_a_node_that_is_not_there() -> None:
    with node("http://127.0.0.1:1/secret-key") as asked:
        with pytest.raises(NodeUnavailable) as refused:
            await asked.blocks(1, 1)
        assert "secret" not in str(refused.value)
        assert asked.score.failing > 0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("7200", 7200), ("soon", 0), ("Fri, 31 Dec 1999 23:59:59 GMT", 0), (None, 0)],
)
async def test_too_many_requests_says_how_long_to_wait(server: Scripted, said: str | None, seconds: float) -> None:
    server.status, server.headers = 429, {"retry-after": said} if said else {}
    with node(server.url) as asked:
        with pytest.raises(NodeUnavailable) as refused:
            await asked.chain_id()
        assert refused.value.after == seconds
        assert min(seconds, 60) - 1 <= asked.score.rests <= 60


async def test_a_date_says_how_long_to_wait(server: Scripted) -> None:
    server.status, server.headers = 503, {"retry-after": formatdate(time.time() + 30, usegmt=True)}
    with node(server.url) as asked:
        with pytest.raises(NodeUnavailable) as refused:
            await asked.chain_id()
        assert 25 < refused.value.after <= 30


async def test_an_answer_that_trickles_ends_at_the_time_out(server: Scripted) -> None:
    server.answer, server.pause, server.pieces = numbered, 0.1, 100
    with node(server.url, timeout_seconds=0.4) as asked:
        began = time.monotonic()
        with pytest.raises(NodeUnavailable, match="TimeoutError"):
            await asked.blocks(1, 1)
        assert time.monotonic() - began < 3


async def test_an_answer_that_is_too_large_is_a_refusal(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = numbered
    monkeypatch.setattr("indexer.wire.MAX_ANSWER_BYTES", 2_000)
    with node(server.url) as asked:
        assert len(await asked.blocks(1, 1)) == 1
        with pytest.raises(NodeRefused, match="more than 2000 bytes"):
            await asked.blocks(1, 5)
        assert len(await asked.blocks(1, 1)) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"error": None},
        {"result": "0x1"},
        {"result": {**BLOCK, "hash": None}},
        {"result": {**BLOCK, "number": "seven"}},
        {"result": {"number": "0x7"}},
        {},
    ],
)
async def test_an_answer_without_its_shape_is_none(server: Scripted, said: object) -> None:
    server.answer = lambda _call: said
    with node(server.url) as asked:
        with pytest.raises(NodeUnavailable):
            await asked.headers(7, 7)
        with pytest.raises(NodeUnavailable):
            await asked.logs([b"\x01" * 20], 1, 2)
        with pytest.raises((NodeUnavailable, NodeRefused)):
            await asked.tip()
