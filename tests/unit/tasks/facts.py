"""Facts that rules read, as plain values: a standing is built from what differs from an open, funded auction task."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from app.escrow.rules import State

BUYER, AGENT, ARBITER, AUCTIONEER, STRANGER = (f"0x{digit}" + "0" * 39 for digit in "12345")
NOBODY = "0x" + "0" * 40
NOW = 1_000_000
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Task:
    buyer: str = BUYER
    agent: str = NOBODY
    awarder: str = AUCTIONEER
    arbiter: str = ARBITER
    award_by: int = NOW + 100
    deliver_by: int = NOW + 1000
    review_seconds: int = 60
    veto_seconds: int = 0
    arbiter_seconds: int = 30
    visibility: str = "public"
    payment: str = "in_advance"


@dataclass(frozen=True)
class Escrow:
    state: int = State.FUNDED
    remaining: int = 100
    since: int = NOW - 10
    agent: str | None = None
    payee: str | None = None
    agent_id: int | None = None
    paid: int = 0
    refund_reason: int | None = None
    last_block: int = 10


@dataclass(frozen=True)
class Auction:
    closed_at: datetime | None = None
    failed_at: datetime | None = None


@dataclass(frozen=True)
class Intent:
    state: str


@dataclass(frozen=True)
class Standing:
    task: Task = field(default_factory=Task)
    escrow: Escrow | None = field(default_factory=Escrow)
    auction: Auction | None = field(default_factory=Auction)
    fund_intent: Intent | None = None
    award_intent: Intent | None = None
    time: int = NOW

    def with_task(self, **changed: Any) -> "Standing":
        return replace(self, task=replace(self.task, **changed))

    def with_escrow(self, **changed: Any) -> "Standing":
        return replace(self, escrow=replace(self.escrow or Escrow(), **changed))

    def at(self, time: int) -> "Standing":
        return replace(self, time=time)


OPEN = Standing()
DIRECT = Standing(task=Task(agent=AGENT, awarder=NOBODY, award_by=0), auction=None).with_escrow(agent=AGENT)
AWARDED = OPEN.with_escrow(state=State.AWARDED, agent=AGENT, payee=AGENT, agent_id=7)
SUBMITTED = AWARDED.with_escrow(state=State.SUBMITTED)
DISPUTED = AWARDED.with_escrow(state=State.DISPUTED)
