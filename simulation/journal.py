"""What is known of a play beside what the market knows: who is what, how good a delivery was, when what happened."""

import time
from collections import Counter
from dataclasses import dataclass, field

from sdk.schemas import ENDED, Task
from simulation.people import AgentNature, TaskPlan

PAID_ENDS = ("released", "claimed", "settled")


@dataclass
class Record:
    """A task from its posting on. Times are `time.monotonic()`; `right_bps` is how much of the delivery is right, as
    whoever does the job again sees it. `buyer_waits` and `agent_waits` say whether one of them does nothing before the
    chain's clock has moved, `done` that its buyer has nothing left to do. `least` is the score that he asked for, and
    `given_up` says that nobody with it came, so that he looked for somebody otherwise."""

    plan: TaskPlan
    task_id: str
    least: int | None = None
    given_up: bool = False
    posted_at: float = field(default_factory=time.monotonic)
    funded_at: float | None = None
    awarded_at: float | None = None
    bids: int = 0
    right_bps: int | None = None
    buyer_waits: bool = False
    agent_waits: bool = False
    done: bool = False
    declined: bool = False
    disputed_falsely: bool | None = None
    ruled_rightly: bool | None = None
    award_checked: bool | None = None
    stars: int | None = None
    task: Task | None = None

    @property
    def is_over(self) -> bool:
        return self.task is not None and self.task.state in ENDED

    @property
    def is_awarded(self) -> bool:
        """Whether an agent agreed to do it: by the bid that won, or by delivering what he was hired for."""
        escrow = None if self.task is None else self.task.escrow
        return escrow is not None and escrow.agent_id is not None and not self.declined


@dataclass(frozen=True)
class Called:
    """A call through the market: whether anybody answered, and whether the answer is right."""

    answered: bool
    right: bool


@dataclass
class Journal:
    """Everybody's notes. `agents` says by address who is who."""

    records: dict[str, Record] = field(default_factory=dict)
    calls: list[Called] = field(default_factory=list)
    routed: int = 0
    searched: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    agents: dict[str, AgentNature] = field(default_factory=dict)
    jumps: int = 0

    @staticmethod
    def now() -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def open(self, plan: TaskPlan, task: Task, least: int | None) -> Record:
        """A new record."""
        record = self.records[task.task_id] = Record(plan, task.task_id, least, task=task)
        return record

    def of_wave(self, wave: int) -> list[Record]:
        return [record for record in self.records.values() if record.plan.wave == wave]

    def worker_of(self, record: Record) -> AgentNature | None:
        """Who was chosen, None before."""
        escrow = None if record.task is None else record.task.escrow
        return None if escrow is None or escrow.agent is None else self.agents.get(escrow.agent)

    def refused(self, who: str, error: BaseException) -> None:
        """A refusal that the play goes on after, counted by who and what."""
        name = getattr(error, "name", type(error).__name__)
        self.refusals[f"{who}: {name}"] += 1
