"""The offers that calls of one capability can be sent to, and two of them drawn at random."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from random import Random

from app.routing.health import Health
from app.routing.rules import Candidate, Considered, Wanted, fits

DRAWS = 8
MOST_CACHED = 64


class Pool:
    """Offers as they were read; what fits a wish is looked up once."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = tuple(candidates)
        self._fitting: dict[Wanted, tuple[Candidate, ...]] = {}

    def fitting(self, wanted: Wanted) -> tuple[Candidate, ...]:
        """The offers that are what was asked for."""
        found = self._fitting.get(wanted)
        if found is None:
            found = tuple(each for each in self.candidates if fits(each, wanted))
            if len(self._fitting) >= MOST_CACHED:
                self._fitting.clear()
            self._fitting[wanted] = found
        return found

    def by_id(self, agent_id: int, wanted: Wanted) -> Candidate:
        return next(each for each in self.fitting(wanted) if each.agent_id == agent_id)

    def drawn(
        self, wanted: Wanted, tried: AbstractSet[int], health: Health, random: Random, now: float
    ) -> list[Considered]:
        """Two offers that may be called now, at random; one or none where there are no more. The offers of agents that
        were `tried` for this call come only where there are no others."""
        fitting = self.fitting(wanted)
        drawn = self._some(fitting, tried, health, random, now, wanted)
        return drawn or self._some(fitting, set(), health, random, now, wanted)

    def _some(
        self,
        fitting: Sequence[Candidate],
        tried: AbstractSet[int],
        health: Health,
        random: Random,
        now: float,
        wanted: Wanted,
    ) -> list[Considered]:
        found: dict[int, Considered] = {}
        for _ in range(DRAWS if fitting else 0):
            self._take(fitting[random.randrange(len(fitting))], tried, health, now, wanted, found)
            if len(found) == 2:
                return list(found.values())
        for candidate in random.sample(fitting, len(fitting)):
            self._take(candidate, tried, health, now, wanted, found)
            if len(found) == 2:
                break
        return list(found.values())

    def _take(
        self,
        candidate: Candidate,
        tried: AbstractSet[int],
        health: Health,
        now: float,
        wanted: Wanted,
        found: dict[int, Considered],
    ) -> None:
        """Takes a candidate in, unless it may not be called now."""
        if candidate.agent_id in tried or candidate.agent_id in found or health.is_ejected(candidate.agent_id, now):
            return
        if candidate.max_concurrent is not None and health.of(candidate.agent_id).in_flight >= candidate.max_concurrent:
            return
        seen = health.considered(candidate, now)
        if wanted.max_latency_ms is None or seen.latency_ms <= wanted.max_latency_ms:
            found[candidate.agent_id] = seen
