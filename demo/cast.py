"""Who plays: names, keys, and what each is told to be."""

from dataclasses import dataclass

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
    buyer(6, "Ana", 1000, "plain", "surplus", "hire", "parts", "waiting"),
    buyer(7, "Bob", 1000, "undelivered", "silent", "dispute", "default", "blacklisted", "survivor"),
)
AFTER_THE_JUMP = frozenset({"undelivered", "silent", "default", "survivor"})
# Her money is spent elsewhere on the new fork: she keeps enough for one of the two tasks.
REORG_BUYER = buyer(8, "Eve", 100, "reorged", "lost")
EVE_KEEPS_USDC = 30
EVERYBODY = (*AGENTS, *ARBITERS, *BUYERS, REORG_BUYER)
