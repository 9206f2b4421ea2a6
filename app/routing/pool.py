"""The offers that calls of one capability can be sent to, and two of them drawn at random."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from random import Random

from app.routing.health import Health
from app.routing.rules import Candidate, Considered, Wanted, fits

DRAWS = 8
MOST_CACHED = 64


class Pool:
    """Offers as they were read, one of each agent; what fits a wish is looked up once."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = tuple(candidates)
        self.by_id = {each.agent_id: each for each in candidates}
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

    def drawn(
        self, wanted: Wanted, tried: AbstractSet[int], health: Health, random: Random, now: float
    ) -> list[Considered]:
        """Two offers that may be called now, at random; one or none where there are no more. The offers of agents that
        were `tried` for this call come only where there are no others."""
        fitting = self.fitting(wanted)

        def two_without(left_out: AbstractSet[int]) -> list[Considered]:
            found: dict[int, Considered] = {}
            for candidate in at_random(fitting, random):
                if candidate.agent_id in left_out or candidate.agent_id in found:
                    continue
                seen = seen_now(candidate, wanted, health, now)
                if seen is not None:
                    found[candidate.agent_id] = seen
                if len(found) == 2:
                    break
            return list(found.values())

        return two_without(tried) or two_without(frozenset())


def at_random(offers: Sequence[Candidate], random: Random) -> Iterator[Candidate]:
    """A few draws, which nearly always do, then every offer once."""
    for _ in range(DRAWS if offers else 0):
        yield offers[random.randrange(len(offers))]
    yield from random.sample(offers, len(offers))


def seen_now(candidate: Candidate, wanted: Wanted, health: Health, now: float) -> Considered | None:
    """What is known of a candidate; None where it may not be called now."""
    if health.is_ejected(candidate.agent_id, now):
        return None
    if candidate.max_concurrent is not None and health.of(candidate.agent_id).in_flight >= candidate.max_concurrent:
        return None
    seen = health.considered(candidate, now)
    return seen if wanted.max_latency_ms is None or seen.latency_ms <= wanted.max_latency_ms else None
