"""`scripts/bench routing [--calls N] [--seeds N] [--rate N]`: calls that are answered in time although agents fail.

Ten real HTTP agents of eight places each, in a process of their own; one is stuck for 2 s, one fails six of ten calls
at once. Calls leave at a fixed rate, tries take at most 400 ms. Beside the router: round robin and least loaded,
without breakers and with as many tries; and the router over healthy agents alone. Then: how long a decision among
10,000 agents takes, and what the router adds to a call beside calling the agent itself.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from app.errors import GuildhallError
from app.routing.dispatch import Ask, Dispatcher
from app.routing.health import Health
from app.routing.pool import Pool
from app.routing.rules import Candidate, Considered, Wanted, chosen
from app.routing.wire import Wire
from bench.pace import at_rate
from devnet.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
AGENTS = 10
WARM_SECONDS = 30.0
TRY_SECONDS, DEADLINE_SECONDS = 0.4, 5.0
WANTED = Wanted("bench.echo")
BODY = b'{"text":"hello"}'


@dataclass
class Figures:
    """Of the calls after the warm-up: how many were answered within a second, and how long they took."""

    answered: int
    calls: int
    times: list[float]

    @property
    def share(self) -> float:
        return self.answered / self.calls

    def at(self, percent: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


class RoundRobin(Pool):
    """One after the other."""

    turns = count()

    def drawn(
        self, wanted: Wanted, tried: AbstractSet[int], health: Health, random: Random, now: float
    ) -> list[Considered]:
        for _ in self.candidates:
            each = self.candidates[next(self.turns) % len(self.candidates)]
            if each.agent_id not in tried:
                return [health.considered(each, now)]
        return []


class LeastLoaded(Pool):
    """Whoever has the fewest calls on their way; ties by lot."""

    def drawn(
        self, wanted: Wanted, tried: AbstractSet[int], health: Health, random: Random, now: float
    ) -> list[Considered]:
        free = [each for each in self.candidates if each.agent_id not in tried]
        if not free:
            return []
        return [health.considered(min(free, key=lambda e: (health.of(e.agent_id).in_flight, random.random())), now)]


class NoBreakers(Health):
    """Nobody is ever left out."""

    def ended(self, agent_id: int, ok: bool | None, ms: float, pool_size: int) -> None:
        self.of(agent_id).in_flight -= 1


def candidates(ports: Sequence[int]) -> list[Candidate]:
    return [
        Candidate(
            number + 1, str(number), "bench.echo", f"http://127.0.0.1:{port}/", 0, 500_000, None, None, None, None
        )
        for number, port in enumerate(ports)
    ]


async def load(
    pool: Pool, health: Health, seed: int, calls: int, rate: float, *, hedge: bool, warm: float = WARM_SECONDS
) -> Figures:
    """Sends calls at the rate, those of the warm-up among them; the figures of the others."""
    wire = Wire(allow_private=True)
    dispatcher = Dispatcher(health, wire, Random(seed))  # noqa: S311  # a trial, not a secret
    figures = Figures(0, 0, [])

    async def one(measured: bool) -> None:
        began, is_answered = time.perf_counter(), True
        try:
            await dispatcher.call(pool, Ask(WANTED, BODY, DEADLINE_SECONDS, TRY_SECONDS, hedge=hedge))
        except GuildhallError:
            is_answered = False
        took = time.perf_counter() - began
        if measured:
            figures.calls += 1
            figures.answered += is_answered and took < 1
            figures.times.append(took)

    before = int(warm * rate)
    await at_rate(rate, (one(number >= before) for number in range(before + calls)))
    await wire.close()
    return figures


async def served(mode: str, ports: Sequence[int]) -> asyncio.subprocess.Process:
    """The agents' process, once it listens."""
    argv = [sys.executable, "-m", "bench.routing_agents", mode, *map(str, ports)]
    process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(20):
        await process.stdout.readline()
    return process


async def run(given: argparse.Namespace) -> bool:
    ports = [free_port() for _ in range(AGENTS)]
    agents = await served("healthy", ports)
    healthy = await load(Pool(candidates(ports)[2:]), Health(), 0, given.calls // 4, given.rate, hedge=False, warm=10)
    print(
        f"healthy agents alone: p50 {healthy.at(50):.1f} ms, p95 {healthy.at(95):.1f} ms, p99 {healthy.at(99):.1f} ms"
    )
    await overhead(candidates(ports)[2:])
    agents.terminate()
    await agents.wait()
    held = True
    for hedge, goal in ((False, 0.998), (True, 0.999)):
        for seed in range(1, given.seeds + 1):
            agents = await served("failing", ports)
            found = await load(Pool(candidates(ports)), Health(), seed, given.calls, given.rate, hedge=hedge)
            agents.terminate()
            await agents.wait()
            ratio = found.at(95) / healthy.at(95)
            held &= found.share >= goal and ratio < 1.2
            tell(f"router{', hedged' if hedge else ''}, seed {seed}", found, ratio, goal)
    for name, pool in (
        ("round robin", RoundRobin(candidates(ports))),
        ("least loaded", LeastLoaded(candidates(ports))),
    ):
        agents = await served("failing", ports)
        found = await load(pool, NoBreakers(), 1, given.calls // 4, given.rate, hedge=False, warm=10)
        agents.terminate()
        await agents.wait()
        tell(name, found, found.at(95) / healthy.at(95), None)
    held &= decisions()
    return held


def tell(name: str, found: Figures, ratio: float, goal: float | None) -> None:
    asked = f" (goal {goal:.1%}){'' if found.share >= goal else '  MISSED'}" if goal is not None else ""
    print(
        f"{name}: {found.calls:,} calls, {found.share:.3%} under 1 s{asked};"
        f" p50 {found.at(50):.1f}, p95 {found.at(95):.1f}"
        f" ({ratio:.2f} of healthy{'' if ratio < 1.2 or goal is None else '  MISSED'}), p99 {found.at(99):.1f} ms",
        flush=True,
    )


async def overhead(healthy: list[Candidate], calls: int = 1_000) -> None:
    """One call after the other, to one agent: by the wire alone, and by the router."""
    wire, pool = Wire(allow_private=True), Pool(healthy[:1])
    dispatcher = Dispatcher(Health(), wire, Random(1))  # noqa: S311  # a trial, not a secret
    direct, routed = [], []
    for _ in range(calls):
        began = time.perf_counter()
        await wire.post(healthy[0].endpoint, BODY, 5.0, {})
        direct.append(time.perf_counter() - began)
        began = time.perf_counter()
        await dispatcher.call(pool, Ask(WANTED, BODY, DEADLINE_SECONDS, 5.0))
        routed.append(time.perf_counter() - began)
    await wire.close()
    added = (sum(routed) - sum(direct)) / calls * 1000
    print(f"a call takes {sum(direct) / calls * 1000:.2f} ms directly; the router adds {added:.2f} ms")


def decisions(agents: int = 10_000, times: int = 20_000) -> bool:
    """How long it takes to choose among so many; every hundredth wish is a new one, looked up in all offers."""
    random, health = Random(2), Health()  # noqa: S311  # a trial, not a secret
    offers = [
        Candidate(n, str(n), "bench", "http://agent.invalid/", price(random), price(random), None, None, 8, None)
        for n in range(agents)
    ]
    pool, took = Pool(offers), []
    for number in range(times):
        ceiling = 500_000 + (number // 100)
        began = time.perf_counter()
        drawn = pool.drawn(Wanted("bench", max_price=ceiling, min_quality=300_000), set(), health, random, 0.0)
        chosen(drawn, WANTED.prefer)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    p99 = took[int(times * 0.99)]
    print(
        f"a decision among {agents:,}: p50 {took[times // 2]:.3f} ms, p99 {p99:.3f} ms (goal 5), most {took[-1]:.1f} ms"
    )
    return p99 < 5


def price(random: Random) -> int:
    return random.randint(1, 10**6)


def main(arguments: Sequence[str]) -> int:
    """0 where every goal holds."""
    parser = argparse.ArgumentParser(prog="scripts/bench routing")
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rate", type=float, default=200.0)
    held = asyncio.run(run(parser.parse_args(arguments)))
    print("every goal holds" if held else "not every goal holds")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
