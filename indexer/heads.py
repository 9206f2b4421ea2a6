"""A `newHeads` subscription over WebSocket: a hint that wakes the loop, never data.

What it says is not read. A subscription that fails, stalls or lies therefore costs only time: polling stays the truth.
"""

import asyncio
import logging

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from indexer.delay import Delay
from indexer.metrics import metrics

log = logging.getLogger(__name__)

OPEN_SECONDS = 5.0
SILENT_SECONDS = 60.0
"""Without a word for so long, a connection is made anew: a node may forget a subscription and keep the line."""
FIRST_DELAY_SECONDS, MAX_DELAY_SECONDS = 0.5, 30.0
MAX_BYTES = 1 << 20
SUBSCRIBE = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}).decode()


class SubscriptionRefused(Exception):
    """The node knows no subscriptions, or not this one; the message is its own."""


class Heads:
    """Where the loop waits. Without a URL, for the time alone."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._news = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Until a head is told of, at most so long. What was told since the last wait counts."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    async def listen(self) -> None:
        """Until cancelled; connects anew, later each time, up to half a minute."""
        if self._url is None:
            return
        delay = Delay(FIRST_DELAY_SECONDS, MAX_DELAY_SECONDS)
        while True:
            try:
                # No proxy of the environment is used: a node is named by its URL alone.
                async with connect(self._url, open_timeout=OPEN_SECONDS, max_size=MAX_BYTES, proxy=None) as connection:
                    await self._subscribe(connection)
                    delay.reset()
                    await self._follow(connection)
            except (OSError, WebSocketException, SubscriptionRefused, ValueError) as error:  # a time-out is an OSError
                # The URL's path may hold a secret, and so may the error's text: neither is said.
                log.warning("subscription failed after=%.1f error=%s", delay.seconds, type(error).__name__)
                metrics.count("subscription_failures_total", error=type(error).__name__)
            metrics.set("subscribed", 0)
            await delay.wait()

    async def _subscribe(self, connection: ClientConnection) -> None:
        async with asyncio.timeout(OPEN_SECONDS):
            await connection.send(SUBSCRIBE)
            answer = orjson.loads(await connection.recv())
        if not isinstance(answer, dict) or not isinstance(answer.get("result"), str):
            raise SubscriptionRefused("no subscription")
        metrics.set("subscribed", 1)
        log.info("subscribed")

    async def _follow(self, connection: ClientConnection) -> None:
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                await connection.recv()
            metrics.count("heads_total")
            self._news.set()
