"""What one process routes with: its pools, what it knows of agents, its connections. Made once, by main."""

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, Self, TypeVar

from jsonschema import Draft202012Validator
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.announcements.actions import announce
from app.boundary import transaction
from app.config import Settings
from app.errors import EndpointFailed
from app.reputation.rules import WHOLE
from app.reputation.scoring import NEWEST, newcomer
from app.routing import queries
from app.routing.dispatch import Carrier, Dispatcher
from app.routing.health import Health
from app.routing.pool import Pool
from app.routing.pulling import PullQueue
from app.routing.queries import PULL
from app.routing.rules import Candidate, Phase
from app.routing.streaming import Sink
from app.routing.wire import Wire

log = logging.getLogger(__name__)
T = TypeVar("T")
FRESH_SECONDS = 2.0
MOST_POOLS = 256
NEWCOMER = round(newcomer(NEWEST)[0] * WHOLE)


@dataclass(frozen=True)
class Promise:
    """What goes into a capability's call and what comes out, ready to be checked."""

    input: Draft202012Validator
    output: Draft202012Validator


@dataclass(frozen=True)
class Break:
    """Where a document is not what its schema says, as a path, and why."""

    at: str
    reason: str


def first_break(schema: Draft202012Validator, document: Any) -> Break | None:
    """The first place that breaks the schema."""
    broken = next(schema.iter_errors(document), None)
    return None if broken is None else Break("/" + "/".join(map(str, broken.absolute_path)), broken.message[:200])


@dataclass(frozen=True)
class Offers:
    """The pool of a capability, and what its offers promise by capability and version."""

    pool: Pool
    promises: Mapping[tuple[str, str], Promise]
    read_at: float

    def check(self, candidate: Candidate, answer: Any) -> None:
        """Raises EndpointFailed for an answer that the agent's own version does not allow."""
        promise = self.promises.get((candidate.capability, candidate.keeps_to or ""))
        if promise is None:
            return
        broken = first_break(promise.output, answer)
        if broken is not None:
            raise EndpointFailed(reason=f"the answer breaks {candidate.capability} {candidate.keeps_to} at {broken.at}")


class RoutingDesk:
    """An async context manager. Pools are read again when they are FRESH_SECONDS old; breakers' transitions are
    announced."""

    def __init__(self, settings: Settings, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._offers: dict[str, Offers] = {}
        self._reading: dict[str, asyncio.Lock] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._working: set[asyncio.Task[Any]] = set()
        self.health = Health(settings.redis_url.get_secret_value(), self._told)
        self.wire = Wire(allow_private=settings.private_endpoints)
        self.queue = PullQueue(sessions)
        self.random = SystemRandom()
        self.dispatcher = Dispatcher(self.health, self, self.random)

    async def __aenter__(self) -> Self:
        await self.health.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*self._telling, return_exceptions=True)
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        await self.health.close()
        await self.queue.close()
        await self.wire.close()

    async def post(
        self, url: str, body: bytes, seconds: float, headers: dict[str, str], sink: Sink | None = None
    ) -> Any:
        """What an agent answers, at its endpoint or once it took the call. Raises EndpointFailed, EndpointRefused."""
        carrier: Carrier = self.queue if url.startswith(PULL) else self.wire
        return await carrier.post(url, body, seconds, headers, sink)

    def keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Work that goes on when nobody waits for it any more: what it does is stored."""
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._worked)
        return task

    def _worked(self, task: asyncio.Task[Any]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # it is stored, whether anybody asks for it or not

    async def offers(self, session: AsyncSession, capability: str) -> Offers:
        """The offers of a capability, at most FRESH_SECONDS old; one request reads them for all that wait."""
        async with self._reading.setdefault(capability, asyncio.Lock()):
            held = self._offers.get(capability)
            if held is not None and time.monotonic() - held.read_at < FRESH_SECONDS:
                return held
            candidates = await queries.candidates(session, capability, NEWCOMER)
            contracts = await queries.contracts(session, candidates)
            promises = {
                key: Promise(Draft202012Validator(each.input), Draft202012Validator(each.output))
                for key, each in contracts.items()
            }
            if len(self._offers) >= MOST_POOLS:
                self._offers.clear()
                self._reading.clear()
            self._offers[capability] = Offers(Pool(candidates), promises, time.monotonic())
            return self._offers[capability]

    def _told(self, agent_id: int, before: Phase, now: Phase) -> None:
        """A breaker moved: said in the log at once, and announced beside whatever goes on."""
        log.info("breaker: agent=%s from=%s to=%s", agent_id, before, now)
        task = asyncio.create_task(self._announce(agent_id, before, now))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _announce(self, agent_id: int, before: Phase, now: Phase) -> None:
        try:
            async with asyncio.timeout(10), transaction(self._sessions) as session:
                said = {"agent_id": agent_id, "from": before.value, "to": now.value}
                await announce(session, f"breaker.{now.value}", f"agent:{agent_id}", said)
        except Exception:
            # Calls do not wait for it, and the log has it.
            log.exception("a breaker's transition was not announced: agent=%s", agent_id)
