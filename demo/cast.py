"""Who plays: names, keys, and what each is told to be."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import pairwise

from devnet.keys import DevelopmentKey, Role, participant_key, role_key


@dataclass(frozen=True)
class Part:
    """One participant process: `python -m demo.ROLE` with these arguments. `usdc` is what it starts with."""

    name: str
    role: str
    key: DevelopmentKey
    arguments: tuple[str, ...]
    usdc: int = 0


def agent(number: int, name: str, *trades: str) -> Part:
    flags = tuple(flag for trade in trades for flag in ("--trade", trade))
    return Part(name, "agent", participant_key(number), ("--name", name, *flags))


def buyer(number: int, name: str, usdc: int, *stories: str) -> Part:
    arbiters = ("--arbiter", role_key(Role.ARBITER).address, "--silent-arbiter", SILENT_KEY.address)
    flags = tuple(flag for story in stories for flag in ("--story", story))
    return Part(name, "buyer", participant_key(number), (*arbiters, *flags), usdc)


SILENT_KEY = participant_key(9)

AGENTS = (
    agent(0, "Ada", "text.count-words=good:6000", "text.sort=good:6000"),
    agent(1, "Ben", "text.sort=good:7500", "text.lead-sentences=careless:5000"),
    agent(2, "Cyd", "math.primes=good:8000", "text.sort=good:9000"),
    agent(3, "Dee", "math.factors=slow:7000", "text.reverse-words=good:6000"),
    agent(4, "Ned", "text.vanish=never:5000"),
    agent(5, "Mal", "text.reverse=good:5000"),
)
UNPAYABLE = AGENTS[5]
ARBITERS = (
    Part("Zoe", "arbiter", role_key(Role.ARBITER), ()),
    Part("Hal", "arbiter", SILENT_KEY, ("--silent",)),
)
# Told first, side by side; those in AFTER_THE_JUMP end only when the clock has jumped.
BUYERS = (
    buyer(6, "Ana", 1000, "plain", "surplus", "choice", "hire", "parts", "waiting"),
    buyer(7, "Bob", 1000, "undelivered", "silent", "dispute", "default", "blacklisted", "survivor"),
)
AFTER_THE_JUMP = frozenset({"undelivered", "silent", "default", "survivor"})
# Her money is spent elsewhere on the new fork: she keeps enough for one of the two tasks.
REORG_BUYER = buyer(8, "Eve", 100, "reorged", "lost")
EVE_KEEPS_USDC = 30
EVERYBODY = (*AGENTS, *ARBITERS, *BUYERS, REORG_BUYER)


@dataclass(frozen=True)
class Program:
    """What is played: all of it, or only some stories."""

    buyers: tuple[Part, ...] = BUYERS
    reorg_buyer: Part | None = REORG_BUYER

    @property
    def everyone(self) -> tuple[Part, ...]:
        return (*self.buyers, *filter(None, [self.reorg_buyer]))

    @property
    def stories(self) -> list[str]:
        return stories_of(*self.buyers)

    @property
    def late_stories(self) -> list[str]:
        return [story for story in self.stories if story in AFTER_THE_JUMP]

    def only(self, wanted: Collection[str]) -> "Program":
        """The same people with fewer stories; a buyer without any stays away. The reorg is told whole or not."""
        kept = (replace(part, arguments=without(part.arguments, wanted)) for part in self.buyers)
        reorg = self.reorg_buyer if set(stories_of(REORG_BUYER)) & set(wanted) else None
        return Program(tuple(part for part in kept if stories_of(part)), reorg)


def stories_of(*parts: Part) -> list[str]:
    flags = [argument for part in parts for argument in part.arguments]
    return [value for flag, value in pairwise(flags) if flag == "--story"]


def without(arguments: tuple[str, ...], wanted: Collection[str]) -> tuple[str, ...]:
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    kept = [pair for pair in pairs if pair[0] != "--story" or pair[1] in wanted]
    return tuple(argument for pair in kept for argument in pair)
