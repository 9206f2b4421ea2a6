"""An embedder behind HTTP, in the shape that most of them have:

    POST EMBEDDER_URL  {"model": "…", "input": ["…", …]}    {"data": [{"index": 0, "embedding": [0.1, …]}, …]}

It sees the texts of public listings, and what people search for. A failing one is asked again a bounded number of times
and then left alone for a while: a search goes by words meanwhile, at once.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from app.config import Settings
from app.errors import EmbedderUnavailable
from app.search.meaning.embedder import Floats, checked

PAUSE_SECONDS = 0.2
REST_SECONDS = 10.0
MAX_ANSWER_BYTES = 32 * 1024 * 1024


class ExternalEmbedder:
    """Close it when done."""

    def __init__(self, settings: Settings, url: str, model: str, dimensions: int) -> None:
        self._token = settings.embedder_token
        self._open: httpx.AsyncClient | None = None
        self._url, self._model, self._batch = url, model, settings.embedder_batch
        self._tries, self._timeout_seconds = settings.embedder_tries, settings.embedder_timeout_seconds
        self._rests_until = 0.0
        self.dimensions = dimensions

    @property
    def name(self) -> str:
        return f"external:{self._model}:{self.dimensions}"

    async def close(self) -> None:
        if self._open is not None:
            await self._open.aclose()

    @property
    def _client(self) -> httpx.AsyncClient:
        """Made at its first use: reading certificates takes longer than a job that finds nothing due."""
        if self._open is None:
            headers = {} if self._token is None else {"Authorization": f"Bearer {self._token.get_secret_value()}"}
            self._open = httpx.AsyncClient(headers=headers, timeout=self._timeout_seconds, trust_env=False)
        return self._open

    async def embed(self, texts: Sequence[str]) -> Floats:
        """Batch by batch, all or none. Raises EmbedderUnavailable."""
        if time.monotonic() < self._rests_until:
            raise EmbedderUnavailable(reason="it failed a moment ago, and is left alone")
        found = [np.zeros((0, self.dimensions), np.float32)]
        try:
            for start in range(0, len(texts), self._batch):
                found.append(await self._embed_batch(texts[start : start + self._batch]))
        except EmbedderUnavailable:
            self._rests_until = time.monotonic() + REST_SECONDS
            raise
        return np.concatenate(found)

    async def _embed_batch(self, texts: Sequence[str]) -> Floats:
        """What may pass (no answer in time, 429, 5xx) is tried again; what is wrong stays wrong."""
        for left in range(self._tries - 1, -1, -1):
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    status, told = await self._ask(texts)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError) as error:
                reason: str = type(error).__name__
                cause: Exception | None = error
            else:
                if status == 200:
                    return checked(vectors_in(told), len(texts), self.dimensions)
                reason, cause = f"HTTP {status}", None
                if status < 500 and status != 429:
                    break
            if left:
                await asyncio.sleep(PAUSE_SECONDS)
        raise EmbedderUnavailable(reason=reason) from cause

    async def _ask(self, texts: Sequence[str]) -> tuple[int, Any]:
        """Status and JSON; only so much is read. Raises httpx.HTTPError, ValueError."""
        body = {"model": self._model, "input": list(texts)}
        async with self._client.stream("POST", self._url, json=body) as response:
            read = bytearray()
            async for part in response.aiter_bytes():
                read += part
                if len(read) > MAX_ANSWER_BYTES:
                    raise ValueError("the answer is too long")
            if response.status_code != 200:
                return response.status_code, None
            return 200, httpx.Response(200, content=bytes(read)).json()


def vectors_in(told: Any) -> list[list[float]]:
    """In the order of the texts. Raises EmbedderUnavailable for another shape."""
    try:
        items = {int(item["index"]): item["embedding"] for item in told["data"]}
        found = [items[place] for place in range(len(told["data"]))]
    except (KeyError, TypeError, ValueError) as error:
        raise EmbedderUnavailable(reason="its answer has another shape") from error
    if not all(isinstance(row, list) and all(type(each) in (int, float) for each in row) for row in found):
        raise EmbedderUnavailable(reason="a vector holds what is no number")
    return found
