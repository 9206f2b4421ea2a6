"""What the audience sees, folded from the lines that the participants tell."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TOLD, FAILED = "told", "failed"


@dataclass
class TaskRow:
    """One task as its buyer last saw it; amounts in base units."""

    story: str
    title: str
    buyer: str
    budget: int
    state: str = "draft"
    paid: int = 0
    fees: int = 0
    refunded: int = 0
    remaining: int = 0
    price: int | None = None
    reason: str | None = None
    note: str = ""


@dataclass
class Scene:
    tasks: dict[str, TaskRow] = field(default_factory=dict)
    stories: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    registered: dict[str, int] = field(default_factory=dict)
    bids: dict[str, int] = field(default_factory=dict)
    news: list[str] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    funded: dict[str, str] = field(default_factory=dict)

    def take(self, line: dict[str, Any]) -> None:
        """One line of a participant."""
        who, event = str(line["who"]), str(line["event"])
        match event:
            case "registered":
                self.registered[who] = int(line["agent_id"])
            case "posted":
                self.tasks[line["task"]] = TaskRow(line["story"], line["title"], who, int(line["budget"]))
            case "funded":
                self.funded[line["story"]] = line["tx_hash"]
            case "state":
                self.update(line)
            case "bid":
                self.bids[line["task"]] = self.bids.get(line["task"], 0) + 1
            case "waits for the clock":
                self.waiting.add(line["story"])
            case "owed":
                self.tasks[line["task"]].note = "payout is owed"
            case "story told":
                self.stories[line["story"]] = TOLD
            case "story failed":
                self.stories[line["story"]] = FAILED
                self.failures[line["story"]] = str(line["reason"])
        self.news.append(sentence(self, line))

    def update(self, line: dict[str, Any]) -> None:
        row = self.tasks.get(line["task"])
        if row is None:
            return
        row.state, row.reason, row.price = line["state"], line.get("reason"), line.get("price")
        # No escrow, no money: a reorg may have taken back what was seen before.
        row.paid, row.fees, row.refunded, row.remaining = (
            int(line.get(name, 0)) for name in ("paid", "fees", "refunded", "remaining")
        )
        if line.get("by_default"):
            row.note = "ruled by default"
        elif line.get("share_bps") is not None:
            row.note = f"agent's share {line['share_bps'] / 100:g}%"

    def first_failure(self) -> str | None:
        """The story and why."""
        return next((f"story {story}: {reason}" for story, reason in self.failures.items()), None)

    def has_reached(self, story: str) -> bool:
        """Told, failed, or waiting for the clock."""
        return story in self.stories or story in self.waiting


def sentence(scene: Scene, line: dict[str, Any]) -> str:
    """One line of news."""
    row = scene.tasks.get(str(line.get("task")))
    about = f" {row.story}" if row else f" {line['story']}" if "story" in line else ""
    facts = {name: value for name, value in line.items() if name in SAID and value is not None}
    said = ", ".join(f"{SAID[name](value)}" for name, value in facts.items())
    return f"{line['who']}: {line['event']}{about}{' (' + said + ')' if said else ''}"


def usdc(amount: int) -> str:
    text = f"{amount / 1_000_000:,.6f}".rstrip("0")
    return text + "00"[len(text) - text.index(".") - 1 :]


SAID: dict[str, Callable[[Any], str]] = {
    "state": str,
    "min_price": lambda amount: f"at least {usdc(amount)}",
    "amount": usdc,
    "budget": usdc,
    "stars": lambda stars: f"{stars} stars",
    "share_bps": lambda bps: f"{bps / 100:g}% to the agent",
    "agent_id": lambda number: f"agent {number}",
    "what": str,
    "reason": str,
}
