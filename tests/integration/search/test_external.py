"""The external embedder against a real HTTP server: what it asks, what it refuses, and when it gives up."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from app.config import Settings
from app.errors import EmbedderUnavailable, SettingRefused
from app.search.meaning.external import ExternalEmbedder
from devnet.ports import free_port
from tests.integration.search.embedding_server import EmbeddingServer, embedding_server

GIVEN: dict[str, Any] = {
    "environment": "development",
    "database_url": SecretStr("postgresql://nobody@127.0.0.1/none"),
    "redis_url": SecretStr("redis://127.0.0.1/0"),
    "rpc_urls": ("http://127.0.0.1:1",),
    "deployment_file": Path("none"),
    "content_dir": Path("none"),
    "public_url": "http://127.0.0.1:8000",
    "embedder_token": SecretStr("open-sesame"),
    "embedder_model": "letters-1",
    "embedder_dimensions": 3,
    "embedder_batch": 2,
    "embedder_timeout_seconds": 0.4,
}


def embedder_at(url: str, **changes: Any) -> ExternalEmbedder:
    return ExternalEmbedder(Settings(**GIVEN | {"embedder_url": url} | changes), url, "letters-1", 3)


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with embedding_server() as running:
        yield running


@pytest.fixture
async def embedder(server: EmbeddingServer) -> AsyncIterator[ExternalEmbedder]:
    made = embedder_at(server.url)
    yield made
    await made.close()


async def test_asks_in_batches_with_its_token_and_puts_answers_in_order(
    server: EmbeddingServer, embedder: ExternalEmbedder
) -> None:
    found = await embedder.embed(["aaaa", "eeee", "oooo"])
    assert found.argmax(axis=1).tolist() == [0, 1, 2]
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    assert [each["input"] for each in server.requests] == [["aaaa", "eeee"], ["oooo"]]
    assert {each["model"] for each in server.requests} == {"letters-1"}
    assert set(server.tokens) == {"Bearer open-sesame"}
    assert embedder.name == "external:letters-1:3"
    assert (await embedder.embed([])).shape == (0, 3)


async def test_tries_again_what_may_pass(server: EmbeddingServer, embedder: ExternalEmbedder) -> None:
    for status in (500, 503, 429):
        server.statuses = [status]
        assert (await embedder.embed(["a"])).shape == (1, 3)
    assert len(server.requests) == 6


async def test_gives_up_after_so_many_tries_and_rests(server: EmbeddingServer, embedder: ExternalEmbedder) -> None:
    server.statuses = [500] * 9
    with pytest.raises(EmbedderUnavailable, match="HTTP 500"):
        await embedder.embed(["a"])
    assert len(server.requests) == 2
    with pytest.raises(EmbedderUnavailable, match="a moment ago"):
        await embedder.embed(["a"])
    assert len(server.requests) == 2


async def test_does_not_repeat_what_is_refused(server: EmbeddingServer, embedder: ExternalEmbedder) -> None:
    server.statuses = [401]
    with pytest.raises(EmbedderUnavailable, match="HTTP 401"):
        await embedder.embed(["a"])
    assert len(server.requests) == 1


@pytest.mark.parametrize("drip", [False, True])
async def test_does_not_wait_longer_than_it_may(
    server: EmbeddingServer, embedder: ExternalEmbedder, drip: bool
) -> None:
    """Neither for an answer that does not come, nor for one that comes byte by byte."""
    server.pause_seconds, server.drip = (0.1, True) if drip else (1.0, False)
    began = time.monotonic()
    with pytest.raises(EmbedderUnavailable, match=r"Time[dO]ut|ReadTimeout|TimeoutError"):
        await embedder.embed(["a"])
    assert time.monotonic() - began < 2 * 0.4 + 0.2 + 0.6
    server.pause_seconds = 0.0


@pytest.mark.parametrize(
    ("vectors", "reason"),
    [
        ([[1.0, 2.0]], "2 dimensions, not 3"),
        ([[1.0, 2.0, 3.0, 4.0]], "4 dimensions, not 3"),
        ([[1.0, 2.0, 3.0]] * 2, "2 vectors for 1 texts"),
        ([], "0 vectors for 1 texts"),
        ([[1.0, float("nan"), 3.0]], "no finite number"),
        ([[1.0, float("inf"), 3.0]], "no finite number"),
        ([[1.0, "2", 3.0]], "no number"),
        ([[1.0, None, 3.0]], "no number"),
        ([[1.0, True, 3.0]], "no number"),
        ([[1.0, 10**400, 3.0]], "no number"),
        (["base64=="], "no number"),
    ],
)
async def test_refuses_what_is_no_vector(
    server: EmbeddingServer, embedder: ExternalEmbedder, vectors: list[Any], reason: str
) -> None:
    server.vectors = lambda _: vectors
    with pytest.raises(EmbedderUnavailable, match=reason):
        await embedder.embed(["a"])


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b'{"data": 3}', b'{"data": [{}]}', b'{"data": [null]}'])
async def test_refuses_another_shape(server: EmbeddingServer, embedder: ExternalEmbedder, raw: bytes) -> None:
    server.raw = raw
    with pytest.raises(EmbedderUnavailable):
        await embedder.embed(["a"])


async def test_a_vector_of_zeros_stays_one(server: EmbeddingServer, embedder: ExternalEmbedder) -> None:
    server.raw = json.dumps({"data": [{"index": 0, "embedding": [0, 0, 0]}]}).encode()
    assert not (await embedder.embed(["a"])).any()


async def test_nobody_there() -> None:
    embedder = embedder_at(f"http://127.0.0.1:{free_port()}/embeddings")
    with pytest.raises(EmbedderUnavailable, match="ConnectError"):
        await embedder.embed(["a"])
    await embedder.close()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"embedder_model": None}, "EMBEDDER_MODEL"),
        ({"embedder_dimensions": None}, "EMBEDDER_DIMENSIONS"),
        ({"embedder_url": "ftp://x"}, "EMBEDDER_URL"),
        ({"embedder_url": "http://"}, "EMBEDDER_URL"),
        ({"embedder_url": "http://127.0.0.1:99999999/embeddings"}, "EMBEDDER_URL"),
    ],
)
def test_an_embedder_is_set_whole(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingRefused, match=named):
        Settings(**GIVEN | {"embedder_url": "https://embed.example"} | changes)


def test_the_token_is_not_printed() -> None:
    assert "open-sesame" not in repr(Settings(**GIVEN | {"embedder_url": "https://embed.example"}))
