"""Clients whose calls are counted and timed."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from eth_account import Account

from sdk import Client, Patience, Wallet
from sdk.transport import Transport

PATIENCE = Patience(attempts=6, first_wait_seconds=0.2, max_wait_seconds=3.0, timeout_seconds=30.0)


@dataclass
class Meter:
    """Seconds that each answered call took."""

    seconds: list[float] = field(default_factory=list)

    def at(self, percent: int) -> float:
        """The percentile in seconds, 0 where nothing was called."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


class Metered(Transport):
    """Adds what it does to a meter."""

    def __init__(self, url: str, meter: Meter) -> None:
        super().__init__(url, PATIENCE)
        self._meter = meter

    async def request(self, method: str, path: str, *, repeatable: bool, **options: Any) -> httpx.Response:
        """Counts refusals too: they are answers."""
        began = time.perf_counter()
        try:
            return await super().request(method, path, repeatable=repeatable, **options)
        finally:
            self._meter.seconds.append(time.perf_counter() - began)


def client_of(url: str, private_key: str, meter: Meter) -> Client:
    """Not connected yet; use it in `async with`."""
    return Client(url, Wallet(Account.from_key(private_key)), poll_seconds=1.5, transport=Metered(url, meter))
