"""Carrying a call out: one agent, another when it fails, a second beside it when it is slow, and the first valid answer
wins. What comes too late is cancelled and does not count against anybody."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from app.errors import CallFailed, EndpointFailed, EndpointRefused, NoAgentFits, TooBusy
from app.routing.health import Health
from app.routing.pool import Pool
from app.routing.rules import Candidate, Choice, Wanted, chosen
from app.routing.streaming import Sink
from app.web.metrics import metrics

MOST_TRIES = 4
RETRY_SHARE, RETRIES_SAVED = 0.2, 50.0
"""A fifth of all calls may be tried again, and so many more where it was quiet: a fleet that fails is not hammered."""
REMEMBERED = 512
HEDGE_QUANTILE = 0.95
LEAST_HEDGE_SECONDS = 0.005
KNOWN = 20
"""After so many successes it is known what is slow."""
OUTCOMES = {True: "ok", False: "failed", None: "not_waited_for"}
CROWDED = {"low": 0.6, "normal": 0.85, "high": 1.0}
"""The share of all places up to which calls of a priority are taken."""


@dataclass(frozen=True)
class Ask:
    """One call. `check` raises EndpointFailed for an answer that is not what an offer promises."""

    wanted: Wanted
    body: bytes
    deadline_seconds: float
    try_seconds: float
    hedge: bool = False
    priority: str = "normal"
    headers: dict[str, str] = field(default_factory=dict)
    check: Callable[[Candidate, Any], None] = lambda _candidate, _answer: None
    sink: Sink | None = None

    @property
    def is_answering(self) -> bool:
        """Whether the caller has heard the beginning of an answer: no other can take its place."""
        return self.sink is not None and self.sink.is_claimed


@dataclass
class Attempt:
    """One try: whom, why, how long, and what came of it (None while nobody knows, or where nobody waited)."""

    choice: Choice
    hedge: bool
    ms: float = 0.0
    ok: bool | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """The answer, whose it is, and every try that led to it."""

    answer: Any
    candidate: Candidate
    attempts: tuple[Attempt, ...]


class Carrier(Protocol):
    """How an offer's agent is asked. Raises EndpointFailed, EndpointRefused."""

    async def post(
        self, url: str, body: bytes, seconds: float, headers: dict[str, str], sink: Sink | None = None
    ) -> Any: ...


class Dispatcher:
    """Calls out of one process."""

    def __init__(self, health: Health, carrier: Carrier, random: Random, places: int = 1_000) -> None:
        self.health = health
        self._carrier = carrier
        self._random = random
        self._places = places
        self._taken = 0
        self._saved = RETRIES_SAVED
        self._times: deque[float] = deque(maxlen=REMEMBERED)
        self._sorted: list[float] = []
        self._since_sorted = 0

    async def call(self, pool: Pool, ask: Ask) -> Outcome:
        """The first valid answer. Raises NoAgentFits, TooBusy, CallFailed (with every try)."""
        if self._taken >= self._places * CROWDED[ask.priority]:
            raise TooBusy(priority=ask.priority)
        self._taken += 1
        metrics.set("calls_in_flight", self._taken)
        self._saved = min(RETRIES_SAVED, self._saved + RETRY_SHARE)
        try:
            return await self._carried(pool, ask)
        finally:
            self._taken -= 1
            metrics.set("calls_in_flight", self._taken)

    async def _carried(self, pool: Pool, ask: Ask) -> Outcome:
        """Tries until one succeeds, the tries are spent, or the deadline is near."""
        ends = time.monotonic() + ask.deadline_seconds
        attempts: list[Attempt] = []
        hedges = ask.hedge
        running: dict[asyncio.Task[Any], tuple[Attempt, Candidate]] = {}
        try:
            while True:
                is_over = not running and ask.is_answering
                if is_over or (not running and not await self._start(pool, ask, attempts, running, ends, hedge=False)):
                    failed = CallFailed(tries=len(attempts))
                    failed.attempts = tuple(attempts)
                    raise failed
                may_hedge = hedges and len(self._times) >= KNOWN and not ask.is_answering
                wait = self._hedge_seconds() if may_hedge else None
                done, _ = await asyncio.wait(running, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    hedges = False  # once is enough, whether there was a second agent or not
                    await self._start(pool, ask, attempts, running, ends, hedge=True)
                    continue
                for task in done:
                    attempt, candidate = running.pop(task)
                    if attempt.ok:
                        return Outcome(task.result(), candidate, tuple(attempts))
        finally:
            for task in running:
                task.cancel()
            if running:
                await asyncio.gather(*running, return_exceptions=True)

    async def _start(
        self,
        pool: Pool,
        ask: Ask,
        attempts: list[Attempt],
        running: dict[asyncio.Task[Any], tuple[Attempt, Candidate]],
        ends: float,
        *,
        hedge: bool,
    ) -> bool:
        """Begins another try, if there may be one and somebody to ask."""
        now = time.monotonic()
        if len(attempts) >= MOST_TRIES or now >= ends or (attempts and self._saved < 1):
            return False
        tried = {attempt.choice.agent_id for attempt in attempts}
        while considered := pool.drawn(ask.wanted, tried, self.health, self._random, now):
            choice = chosen(considered, ask.wanted.prefer)
            if choice.reason != "probe" or await self.health.claim_probe(choice.agent_id, now):
                break
            if choice.agent_id in tried:
                return False
            tried.add(choice.agent_id)  # another process probes it
        else:
            if not attempts:
                raise NoAgentFits(capability=ask.wanted.capability)
            return False
        if hedge and choice.agent_id in {attempt.choice.agent_id for attempt, _ in running.values()}:
            return False
        self._saved -= 1 if attempts else 0
        attempt, candidate = Attempt(choice, hedge), pool.by_id[choice.agent_id]
        attempts.append(attempt)
        seconds = min(ask.try_seconds, ends - now)
        task = asyncio.create_task(self._try(candidate, ask, attempt, seconds, len(pool.candidates)))
        running[task] = (attempt, candidate)
        return True

    async def _try(self, candidate: Candidate, ask: Ask, attempt: Attempt, seconds: float, pool_size: int) -> Any:
        """One request; its outcome is written down before anybody hears of it."""
        began = time.monotonic()
        self.health.began(candidate.agent_id)
        try:
            answer = await self._carrier.post(candidate.endpoint, ask.body, seconds, ask.headers, ask.sink)
            ask.check(candidate, answer)
            attempt.ok = True
        except (EndpointFailed, EndpointRefused) as error:
            attempt.ok, attempt.reason = False, str(error)
            answer = None
        finally:
            took = time.monotonic() - began
            attempt.ms = took * 1000
            metrics.count("call_tries_total", outcome=OUTCOMES[attempt.ok])
            # A failure counts as slow as it could have been: fast failures must not look fast.
            counted = took if attempt.ok else ask.try_seconds
            self.health.ended(candidate.agent_id, attempt.ok, counted * 1000, pool_size)
        if attempt.ok:
            self._remember(took)
        return answer

    def _hedge_seconds(self) -> float:
        """The p95 of the calls that succeeded last."""
        if self._since_sorted >= 32 or not self._sorted:
            self._sorted, self._since_sorted = sorted(self._times), 0
        return max(LEAST_HEDGE_SECONDS, self._sorted[int(len(self._sorted) * HEDGE_QUANTILE)])

    def _remember(self, seconds: float) -> None:
        self._times.append(seconds)
        self._since_sorted += 1
