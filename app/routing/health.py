"""What this process knows of agents: latency, calls on their way, breakers. Breakers are shared through Redis where
there is one; without it each process has its own, and calls go on."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace

from app.routing.rules import Breaker, Latency, Permit, Phase, after, observed, permit, probing, seen_at
from app.routing.rules.breaker import PROBE_SECONDS
from app.routing.rules.choice import Candidate, Considered
from app.web.metrics import metrics
from app.web.resting_redis import ANSWER_SECONDS, Client, RedisAway, RestingRedis

MOST_EJECTED = 0.3
OPEN = "guildhall:routing:open"
PROBE = "guildhall:routing:probe"
SYNC_SECONDS = 0.25
HEARD_SECONDS = 4 * ANSWER_SECONDS
KEPT_MS = 600_000


@dataclass
class AgentHealth:
    """One agent as this process sees it."""

    latency: Latency = field(default_factory=Latency)
    breaker: Breaker = field(default_factory=Breaker)
    in_flight: int = 0


Told = Callable[[int, Phase, Phase], None]
"""Called with an agent and its breaker's phase before and after."""


class Health:
    """All agents that were ever called from here; `told` hears of each transition of a breaker."""

    def __init__(self, redis_url: str | None = None, told: Told | None = None) -> None:
        self._agents: dict[int, AgentHealth] = {}
        self._ejected: set[int] = set()
        self._told = told or (lambda _agent, _before, _now: None)
        self._redis = None if redis_url is None else RestingRedis(redis_url, "breakers are this process's own")
        self._is_closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._sync: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to hear from other processes."""
        if self._redis is not None:
            self._sync = asyncio.create_task(self._keep_in_step())

    async def close(self) -> None:
        """Ends what runs and lets go of Redis."""
        self._is_closing = True
        waiting = [*self._tasks, *([self._sync] if self._sync else [])]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        if self._redis is not None:
            await self._redis.close()

    def of(self, agent_id: int) -> AgentHealth:
        return self._agents.setdefault(agent_id, AgentHealth())

    def is_ejected(self, agent_id: int, now: float) -> bool:
        """Whether nothing may be sent to an agent, not even a probe."""
        return agent_id in self._ejected and permit(self.of(agent_id).breaker, now) is Permit.NO

    def considered(self, candidate: Candidate, now: float) -> Considered:
        """What is known of a candidate now."""
        health = self.of(candidate.agent_id)
        is_probe = candidate.agent_id in self._ejected and permit(health.breaker, now) is Permit.PROBE
        return Considered(
            agent_id=candidate.agent_id,
            price=candidate.price,
            quality=candidate.quality,
            latency_ms=seen_at(health.latency, now),
            in_flight=health.in_flight,
            success=health.breaker.rate,
            probe=is_probe,
        )

    async def claim_probe(self, agent_id: int, now: float) -> bool:
        """Whether this call is the one probe of a breaker; of all processes one gets it."""
        health = self.of(agent_id)
        if permit(health.breaker, now) is not Permit.PROBE:
            return False
        # Nobody else of this process claims it while Redis is asked.
        health.breaker = replace(health.breaker, until=now + PROBE_SECONDS)
        if await self._claimed_for_all(agent_id):
            self._moved(agent_id, probing(health.breaker, now))
            return True
        return False

    async def _claimed_for_all(self, agent_id: int) -> bool:
        """Whether no other process has the probe."""
        if self._redis is None:
            return True
        try:
            return bool(await self._redis.ask(lambda redis: redis.set(f"{PROBE}:{agent_id}", "1", nx=True, px=1_000)))
        except RedisAway:
            return True

    def began(self, agent_id: int) -> None:
        """A call is on its way."""
        self.of(agent_id).in_flight += 1

    def ended(self, agent_id: int, ok: bool | None, ms: float, pool_size: int) -> None:
        """A call ended after so long: well, badly, or (None) because nobody waited any more.

        A failure is given with the time-out in the place of its time.
        """
        health, now = self.of(agent_id), time.monotonic()
        health.in_flight = max(0, health.in_flight - 1)
        if ok is None:
            return
        health.latency = observed(health.latency, ms, now)
        moved = after(health.breaker, ok, now)
        is_opening = moved.phase is Phase.OPEN and agent_id not in self._ejected
        if is_opening and len(self._ejected) >= max(1, int(pool_size * MOST_EJECTED)):
            # As many are out as may be: it stays in, and its burden says how bad it is.
            health.breaker = replace(moved, phase=Phase.CLOSED, failures=0)
            return
        self._moved(agent_id, moved)

    def _moved(self, agent_id: int, moved: Breaker) -> None:
        """Takes a breaker's new state, and tells of a transition."""
        health = self.of(agent_id)
        before, health.breaker = health.breaker.phase, moved
        if moved.phase is before:
            return
        if moved.phase is Phase.CLOSED:
            self._ejected.discard(agent_id)
        else:
            self._ejected.add(agent_id)
        metrics.count("breaker_transitions_total", to=moved.phase.value)
        metrics.set("agents_ejected", len(self._ejected))
        self._told(agent_id, before, moved.phase)
        if self._redis is not None:
            task = asyncio.create_task(self._share(agent_id, moved))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _share(self, agent_id: int, breaker: Breaker) -> None:
        """Says a transition where other processes look, if there is such a place now."""
        assert self._redis is not None
        with suppress(RedisAway):
            await self._redis.ask(lambda redis: said(redis, agent_id, breaker))

    async def _keep_in_step(self) -> None:
        """Until the end: takes over what other processes say of breakers. A cancellation alone would not do: one that
        meets a time-out comes out of the Redis client as that."""
        while not self._is_closing:
            await asyncio.sleep(SYNC_SECONDS)
            assert self._redis is not None
            with suppress(RedisAway):
                await self._redis.ask(self._hear, HEARD_SECONDS)

    async def _hear(self, redis: Client) -> None:
        """One look: open breakers come in, and those that another process closed go."""
        members = {int(each) for each in await redis.smembers(OPEN)}
        now = time.monotonic()
        for agent_id in sorted(members):
            found, pause = await asyncio.gather(redis.get(f"{OPEN}:{agent_id}"), redis.pttl(f"{OPEN}:{agent_id}:pause"))
            if found is None:
                await redis.srem(OPEN, str(agent_id))
                continue
            health = self.of(agent_id)
            if health.breaker.phase is Phase.CLOSED:
                read = json.loads(found)
                health.breaker = Breaker(**read | {"phase": Phase.OPEN, "until": now + max(0, pause) / 1000})
                self._ejected.add(agent_id)
        for agent_id in sorted(self._ejected - members):
            health = self.of(agent_id)
            if now >= health.breaker.until:
                health.breaker = replace(health.breaker, phase=Phase.CLOSED, failures=0)
                self._ejected.discard(agent_id)


async def said(redis: Client, agent_id: int, breaker: Breaker) -> None:
    """Writes an open breaker down and takes a closed one away. Times become pauses: clocks of processes are not
    compared."""
    key = f"{OPEN}:{agent_id}"
    if breaker.phase is Phase.CLOSED:
        await redis.delete(key)
        await redis.srem(OPEN, str(agent_id))
        return
    pause = max(1, int((breaker.until - time.monotonic()) * 1000))
    async with redis.pipeline() as pipe:
        pipe.set(key, json.dumps(asdict(breaker) | {"until": None}), px=KEPT_MS)
        pipe.set(f"{key}:pause", "1", px=pause)
        pipe.sadd(OPEN, str(agent_id))
        await pipe.execute()
