"""JSON-RPC in batches, with a time-out and no retry: an audit that cannot read says so."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import httpx

BATCH = 100
Request = tuple[str, list[Any]]


class RpcFailed(Exception):
    def __init__(self, method: str, error: object) -> None:
        self.method, self.error = method, error
        super().__init__(f"{method}: {error}")


class Rpc:
    """One node."""

    def __init__(self, url: str, timeout_seconds: float = 20.0) -> None:
        self._http = httpx.Client(timeout=timeout_seconds, trust_env=False)
        self._url = url
        self._ids = count(1)

    def __enter__(self) -> "Rpc":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, method: str, *params: Any) -> Any:
        return self.ask_many([(method, list(params))])[0]

    def ask_many(self, requests: Sequence[Request]) -> list[Any]:
        """Answers in the order of the requests. Raises RpcFailed at the first error, httpx.HTTPError."""
        return [answer for start in range(0, len(requests), BATCH) for answer in self._batch(requests[start:][:BATCH])]

    def _batch(self, requests: Sequence[Request]) -> Iterator[Any]:
        bodies = {
            number: {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in zip(self._ids, requests, strict=False)
        }
        answers = self._http.post(self._url, json=list(bodies.values())).raise_for_status().json()
        by_id = {answer["id"]: answer for answer in answers}
        for number, body in bodies.items():
            answer = by_id.get(number, {"error": "no answer"})
            if "error" in answer:
                raise RpcFailed(str(body["method"]), answer["error"])
            yield answer["result"]
