"""Who may review what and until when, and what reviews add up to. Pure; the database's clock is passed in."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.agents.rules import mean_hundredths
from app.errors import NotFinalYet, ReviewDeadlineTooSoon, ReviewsClosed, TaskNotFinished
from app.relayer.rules import checked_deadline
from app.reputation.rules import MAX_STARS, MIN_STARS, PaidFacts, has_paid_agent
from app.tasks.rules import Party, Standing, require_party, task_state

DAY_SECONDS = 86_400
OPEN_FOR = timedelta(days=14)
"""How long reviews are taken and held, from when the end of the task was seen to be final."""
CARRY_SECONDS = 7 * DAY_SECONDS
"""How long a buyer's signature outlives the window, unless he says otherwise: the registry must still take it."""
LEAST_CARRY_SECONDS = DAY_SECONDS
MAX_COMMENT, MAX_REPLY = 4_000, 2_000


class Side(StrEnum):
    """Whose review it is."""

    BUYER = "buyer"
    AGENT = "agent"

    @property
    def other(self) -> "Side":
        return Side.AGENT if self is Side.BUYER else Side.BUYER


@dataclass(frozen=True)
class Opinion:
    """What a party says: whole stars and words."""

    stars: int
    comment: str

    @property
    def digest(self) -> str:
        """SHA-256 of the words in UTF-8: what is signed of them."""
        return digest_of(self.comment)


@dataclass(frozen=True)
class Reviewer:
    """Who speaks, and of which agent's work."""

    side: Side
    agent_id: int


class Window(Protocol):
    """What rules read of the time in which a task is reviewed."""

    @property
    def closes_at(self) -> datetime: ...
    @property
    def closed_at(self) -> datetime | None: ...


def digest_of(words: str) -> str:
    """SHA-256 in UTF-8, as 0x and hex digits."""
    return "0x" + hashlib.sha256(words.encode()).hexdigest()


def may_review(standing: Standing, escrow: PaidFacts | None, account: str, finalized: int) -> Reviewer:
    """The part of a party of a task that is over, whose agent was paid, for good."""
    party = require_party(standing, account, "review", Party.BUYER, Party.AGENT)
    if escrow is None or not has_paid_agent(escrow) or escrow.agent_id is None:
        raise TaskNotFinished(state=task_state(standing))
    if escrow.last_block > finalized:
        raise NotFinalYet(block=escrow.last_block, finalized=finalized)
    return Reviewer(Side(party), escrow.agent_id)


def may_reply(standing: Standing, account: str, side: Side) -> None:
    """Only who was reviewed."""
    require_party(standing, account, "answer the review of", Party(side.other))


def require_open(window: Window, now: datetime) -> None:
    """Raises ReviewsClosed once the reviews are shown, or their time is over although nobody has shown them yet."""
    if window.closed_at is not None or now >= window.closes_at:
        raise ReviewsClosed(since=min(window.closed_at or window.closes_at, window.closes_at))


def is_due(window: Window, spoken: Collection[Side], now: datetime) -> bool:
    """Whether the reviews are to be shown: both are in, or their time is over."""
    return window.closed_at is None and (len(set(spoken)) == len(Side) or now >= window.closes_at)


def feedback_deadline(deadline: int | None, time: int, closes_at: datetime, now: datetime) -> int:
    """Until when the registry takes a buyer's signature, in chain time: what remains of the window, and some days to be
    carried. Only durations of the database's clock are added to `time`. Raises ReviewDeadlineTooSoon, and as any
    deadline does."""
    remaining = max(0, int((closes_at - now).total_seconds()) + 1)
    if deadline is None:
        return time + remaining + CARRY_SECONDS
    least = time + remaining + LEAST_CARRY_SECONDS
    if deadline < least:
        raise ReviewDeadlineTooSoon(deadline=deadline, least=least)
    return checked_deadline(deadline, time)


@dataclass(frozen=True)
class Tally:
    """How many reviews gave how many stars."""

    counts: Mapping[int, int]

    @property
    def by_stars(self) -> dict[int, int]:
        """The count of each, zeros too."""
        return {stars: self.counts.get(stars, 0) for stars in range(MIN_STARS, MAX_STARS + 1)}

    @property
    def reviews(self) -> int:
        return sum(self.by_stars.values())

    @property
    def mean_hundredths(self) -> int | None:
        """The mean of the stars in hundredths, rounded to the nearest; None without a review."""
        return mean_hundredths(sum(stars * count for stars, count in self.by_stars.items()), self.reviews)


@dataclass(frozen=True)
class BuyerRecord:
    """How the tasks of a buyer ended to which an agent had agreed. `spent` is base units, gross of fees."""

    ended: int
    paid: int
    parted: int
    spent: int
