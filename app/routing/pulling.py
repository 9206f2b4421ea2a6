"""Calls for agents that have no endpoint and ask for them (long poll): a row for each try, looked for by one task of
each process while anybody waits. The row is the data; who looks later finds the same."""

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.boundary import transaction
from app.errors import CallOver, EndpointFailed
from app.routing import queries
from app.routing.models import PulledCall, PullingAgent
from app.routing.queries import PULL
from app.routing.streaming import Sink

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.05
KEPT_SECONDS = 3_600


@dataclass(frozen=True)
class Work:
    """One try of a call, taken by its agent: to be answered until `expires_at`."""

    id: UUID
    call_id: str
    input: Any
    expires_at: datetime


class PullQueue:
    """What one process waits for: answers of calls that it put in, and calls for agents that asked here."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._answers: dict[UUID, asyncio.Future[PulledCall]] = {}
        self._agents: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def post(
        self, url: str, body: bytes, seconds: float, headers: dict[str, str], sink: Sink | None = None
    ) -> Any:
        """As Wire.post, for an offer with the scheme PULL, and never in parts. Raises EndpointFailed."""
        named, agent_id = uuid4(), int(url.removeprefix(PULL))
        row = {"id": named, "agent_id": agent_id, "call_id": headers.get("Guildhall-Call", ""), "input": body}
        until = func.clock_timestamp() + timedelta(seconds=seconds)
        answer = self._answers[named] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                async with transaction(self._sessions) as session:
                    await session.execute(insert(PulledCall).values(**row, expires_at=until))
                self._look()
                found = await answer
        except TimeoutError as error:
            raise EndpointFailed(reason=f"no answer within {seconds:.2f} s") from error
        finally:
            del self._answers[named]
        if found.failure is not None:
            raise EndpointFailed(reason=f"the agent says: {found.failure}")
        return found.answer

    async def take(self, agent_id: int, seconds: float) -> Work | None:
        """The oldest call that waits for an agent, once it is there; None where none came in time. Another that asks
        for the same agent gets another."""
        came = asyncio.Event()
        self._agents[agent_id].add(came)
        ends = asyncio.get_running_loop().time() + seconds
        try:
            while True:
                came.clear()
                # Nothing ends this early: what was taken would be nobody's.
                async with transaction(self._sessions) as session:
                    found = await taken(session, agent_id)
                if found is not None:
                    return found
                self._look()
                async with asyncio.timeout_at(ends):
                    await came.wait()
        except TimeoutError:
            return None
        finally:
            self._agents[agent_id].discard(came)
            if not self._agents[agent_id]:
                del self._agents[agent_id]

    def _look(self) -> None:
        """Has somebody looking, as long as anybody waits."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._keep_looking())

    async def _keep_looking(self) -> None:
        while self._answers or self._agents:
            try:
                async with asyncio.timeout(5), transaction(self._sessions) as session:
                    await self._see(session)
            except Exception:
                log.exception("calls that are pulled were not looked for; tried again")
                await asyncio.sleep(1)
            await asyncio.sleep(LOOK_SECONDS)

    async def _see(self, session: AsyncSession) -> None:
        """One look: answers that came, and agents that have something to do."""
        if self._answers:
            for row in await queries.ended_of(session, list(self._answers)):
                waiting = self._answers.get(row.id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(row)
        if self._agents:
            for agent_id in await queries.called_of(session, list(self._agents)):
                for came in self._agents.get(agent_id, ()):
                    came.set()


async def taken(session: AsyncSession, agent_id: int) -> Work | None:
    """Takes the oldest call that waits; no two take the same."""
    one = queries.oldest_waiting(agent_id).scalar_subquery()
    mine = update(PulledCall).where(PulledCall.id == one).values(taken_at=func.clock_timestamp()).returning(PulledCall)
    found = (await session.scalars(mine)).one_or_none()
    return None if found is None else Work(found.id, found.call_id, orjson.loads(found.input), found.expires_at)


async def seen(session: AsyncSession, agent_id: int) -> None:
    """The agent asks for calls: it is given some from now on."""
    said = {"seen_at": func.clock_timestamp()}
    here = insert(PullingAgent).values(agent_id=agent_id, **said)
    await session.execute(here.on_conflict_do_update(index_elements=[PullingAgent.agent_id], set_=said))


async def answer(session: AsyncSession, agent_id: int, named: UUID, given: Any, failure: str | None) -> None:
    """Takes an agent's answer, or its word that it cannot; the same again changes nothing. Raises CallOver for a call
    that is not its own, or over."""
    mine = (PulledCall.id == named, PulledCall.agent_id == agent_id, PulledCall.taken_at.is_not(None))
    open_ = update(PulledCall).where(*mine, PulledCall.ended_at.is_(None))
    said = {"answer": given, "failure": failure, "ended_at": func.clock_timestamp()}
    in_time = open_.where(PulledCall.expires_at > func.clock_timestamp())
    if (await session.scalars(in_time.values(**said).returning(PulledCall.id))).one_or_none() is not None:
        return
    held = await queries.taken_call(session, agent_id, named)
    if held is None or held.ended_at is None or (held.answer, held.failure) != (given, failure):
        raise CallOver(id=str(named))


async def forget(session: AsyncSession) -> int:
    """Deletes what nobody waits for any more; how many."""
    old = func.clock_timestamp() - timedelta(seconds=KEPT_SECONDS)
    done = await session.execute(delete(PulledCall).where(PulledCall.expires_at < old))
    return int(getattr(done, "rowcount", 0))
