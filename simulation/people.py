"""Who takes part and what is wanted, drawn from one seed. Pure; amounts are base units, shares basis points."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from simulation.jobs import TRADES, content_for

UNIT = 1_000_000
WHOLE_BPS = 10_000
CARELESS_BPS = 4_000
"""What is right of work that was done carelessly, about."""
BAD_AGENTS_BPS, BAD_BUYERS_BPS = 1_000, 500
AGENTS_A_TRADE = 4
TRADES_AN_AGENT = 2
NOTICING = 5
"""How many agents notice a task that they could do, on average."""


class Conduct(StrEnum):
    """What an agent does with a task that it won."""

    GOOD = "good"
    RUBBISH = "delivers rubbish"
    LATE = "delivers too late"
    ABSENT = "delivers nothing"


class Way(StrEnum):
    """How a buyer finds an agent; the first four are the auctioneer's kinds."""

    SECOND_SCORE = "sealed_second_score"
    FIRST_PRICE = "sealed_first_price"
    OPEN = "open_descending"
    DUTCH = "dutch"
    QUOTES = "quotes"
    QUOTES_PAID_LATER = "quotes, paid at award"
    HIRE = "hire"

    @property
    def is_auction(self) -> bool:
        return self in (Way.SECOND_SCORE, Way.FIRST_PRICE, Way.OPEN, Way.DUTCH)


WAYS = (Way.SECOND_SCORE, Way.SECOND_SCORE, *(way for way in Way if way is not Way.SECOND_SCORE))
"""One round: the platform's own kind twice, every other once."""


@dataclass(frozen=True)
class Size:
    """How much is played. Tasks are posted in waves of `wave` tasks, an agent has at most `capacity` at a time, bids
    among them. Bad agents ask `bad_price_bps` of an honest price: the whole hides them, less undercuts everybody."""

    agents: int = 100
    buyers: int = 50
    tasks: int = 250
    wave: int = 20
    seed: int = 1
    bad_price_bps: int = WHOLE_BPS
    capacity: int = 2


@dataclass(frozen=True)
class AgentNature:
    """What only the agent knows: `costs` by trade (a bad one pretends to have them), the part of an honest price that
    it asks, the chance `quality_bps` that its work is wholly right, and `attention_bps`, that it notices a task."""

    number: int
    conduct: Conduct
    quality_bps: int
    costs: Mapping[str, int]
    attention_bps: int
    capacity: int
    asks_bps: int = WHOLE_BPS

    @property
    def is_bad(self) -> bool:
        return self.conduct is not Conduct.GOOD

    @property
    def expected_bps(self) -> int:
        """The share of a task's value that its work is worth on average; careless work is worth its part."""
        if self.is_bad:
            return 0
        return self.quality_bps + (WHOLE_BPS - self.quality_bps) * CARELESS_BPS // WHOLE_BPS

    def cost_of(self, trade: str) -> int:
        """What doing it costs the agent: nothing, where it does not do it."""
        return 0 if self.is_bad else self.costs[trade]


@dataclass(frozen=True)
class BuyerNature:
    """A bad one never releases, disputes what is right, or runs down who did well."""

    number: int
    is_bad: bool


@dataclass(frozen=True)
class TaskPlan:
    """A task to be: `value` is what a right delivery is worth to the buyer, of which the market is told `budget`."""

    number: int
    wave: int
    buyer: int
    way: Way
    trade: str
    value: int
    budget: int
    content: str


@dataclass(frozen=True)
class Population:
    """Everybody, and everything that will be asked for."""

    size: Size
    agents: tuple[AgentNature, ...]
    buyers: tuple[BuyerNature, ...]
    tasks: tuple[TaskPlan, ...]

    @property
    def waves(self) -> list[list[TaskPlan]]:
        found = [[task for task in self.tasks if task.wave == number] for number in range(self.tasks[-1].wave + 1)]
        return [wave for wave in found if wave]


def drawn(size: Size) -> Population:
    """The same for the same size and seed, on every machine."""
    random = Random(f"people {size.seed}")  # noqa: S311  # a trial, not a secret
    trades = TRADES[: max(2, min(len(TRADES), size.agents // AGENTS_A_TRADE))]
    bad = set(random.sample(range(size.agents), share_up(size.agents, BAD_AGENTS_BPS)))
    worst = [conduct for conduct in Conduct if conduct is not Conduct.GOOD]
    conducts = {number: worst[place % len(worst)] for place, number in enumerate(sorted(bad))}
    agents = tuple(
        agent_of(random, number, conducts.get(number, Conduct.GOOD), trades, size) for number in range(size.agents)
    )
    bad_buyers = set(random.sample(range(size.buyers), share_up(size.buyers, BAD_BUYERS_BPS)))
    buyers = tuple(BuyerNature(number, number in bad_buyers) for number in range(size.buyers))
    return Population(size, agents, buyers, tasks_of(random, size, trades))


def share_up(count: int, bps: int) -> int:
    """That part of the count, at least one."""
    return max(1, -(-count * bps // WHOLE_BPS))


def agent_of(random: Random, number: int, conduct: Conduct, trades: tuple[str, ...], size: Size) -> AgentNature:
    """Two trades each, the first in turn so that each has somebody good in it."""
    first = trades[number % len(trades)]
    second = random.choice([trade for trade in trades if trade != first])
    costs = {trade: random.randint(20, 60) * UNIT // 10 for trade in (first, second)}
    quality_bps = int(random.betavariate(8, 2) * WHOLE_BPS)
    attention_bps = min(WHOLE_BPS, WHOLE_BPS * NOTICING * len(trades) // (size.agents * TRADES_AN_AGENT))
    if conduct is Conduct.GOOD:
        return AgentNature(number, conduct, quality_bps, costs, attention_bps, size.capacity)
    return AgentNature(number, conduct, 0, costs, attention_bps, size.capacity, size.bad_price_bps)


def tasks_of(random: Random, size: Size, trades: tuple[str, ...]) -> tuple[TaskPlan, ...]:
    """Every buyer in turn, every way in turn; a right delivery is worth 30 to 60 USDC, and four tenths are offered."""
    rounds = -(-size.tasks // size.buyers)
    buyers = [buyer for _ in range(rounds) for buyer in random.sample(range(size.buyers), size.buyers)]
    return tuple(
        task_of(random, number, number // size.wave, buyers[number], WAYS[number % len(WAYS)], random.choice(trades))
        for number in range(size.tasks)
    )


def task_of(random: Random, number: int, wave: int, buyer: int, way: Way, trade: str) -> TaskPlan:
    value = random.randint(300, 600) * UNIT // 10
    return TaskPlan(number, wave, buyer, way, trade, value, value * 4 // 10, content_for(random, trade))


def private_key(seed: int, who: str) -> str:
    """A key for a development chain, from the seed and a name such as `agent 7`: worthless, and always the same."""
    return "0x" + hashlib.sha256(f"guildhall simulation {seed} {who}".encode()).hexdigest()
