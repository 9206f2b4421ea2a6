"""HTTP with time-outs and bounded retries. Only what may be repeated safely is repeated."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from sdk.errors import Problem, Unreachable, problem_of

RETRIED_STATUS = frozenset({429, 502, 503, 504})
MAX_ASKED_SECONDS = 10.0


@dataclass(frozen=True)
class Patience:
    """`attempts` in all, waiting `first_wait_seconds` and twice as long each time, up to `max_wait_seconds`."""

    attempts: int = 6
    first_wait_seconds: float = 0.1
    max_wait_seconds: float = 2.0
    timeout_seconds: float = 15.0


class Transport:
    """One connection pool to one service."""

    def __init__(self, url: str, patience: Patience) -> None:
        self.origin = url.rstrip("/")
        self.patience = patience
        self.token: str | None = None
        timeout = httpx.Timeout(patience.timeout_seconds)
        self._http = httpx.AsyncClient(base_url=self.origin, timeout=timeout, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def request(self, method: str, path: str, *, repeatable: bool, **options: Any) -> httpx.Response:
        """Raises Problem, or Unreachable after the last attempt.

        A refused connection never reached the service, so that is tried again whatever the request.
        """
        headers = {**options.pop("headers", {}), **self._authorization()}
        for attempt in range(1, self.patience.attempts + 1):
            last, asked_seconds = attempt == self.patience.attempts, 0.0
            try:
                response = await self._http.request(method, path, headers=headers, **options)
            except httpx.TransportError as error:
                if last or not (repeatable or isinstance(error, httpx.ConnectError)):
                    raise Unreachable(method, path, attempt) from error
            else:
                if last or not repeatable or response.status_code not in RETRIED_STATUS:
                    return answered(response)
                asked_seconds = retry_after_seconds(response)
            await asyncio.sleep(max(self._wait_seconds(attempt), asked_seconds))
        raise Unreachable(method, path, self.patience.attempts)

    async def lines(self, path: str, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """What a POST answers line by line (NDJSON), asked once. Raises Problem, Unreachable."""
        headers = {"Accept": "application/x-ndjson", **self._authorization()}
        try:
            async with self._http.stream("POST", path, json=body, headers=headers) as response:
                if not response.is_success:
                    await response.aread()
                    raise problem_in(response)
                async for line in response.aiter_lines():
                    if line:
                        yield dict(json.loads(line))
        except httpx.TransportError as error:
            raise Unreachable("POST", path, 1) from error

    def _authorization(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def _wait_seconds(self, attempt: int) -> float:
        longest: float = min(self.patience.max_wait_seconds, self.patience.first_wait_seconds * 2 ** (attempt - 1))
        return longest * (0.5 + secrets.randbelow(500) / 1000)


def retry_after_seconds(response: httpx.Response) -> float:
    """How long the service asks to wait; of a longer time only the first MAX_ASKED_SECONDS."""
    asked = response.headers.get("retry-after", "")
    return min(float(asked), MAX_ASKED_SECONDS) if asked.isdecimal() and len(asked) < 6 else 0.0


def answered(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    raise problem_in(response)


def problem_in(response: httpx.Response) -> Problem:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {"title": response.reason_phrase, "detail": response.text[:200]}
    return problem_of(response.status_code, document, response.headers.get("x-request-id"))
