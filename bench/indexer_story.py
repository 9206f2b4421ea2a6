"""What happens on the chain that `scripts/bench indexer` reads: tasks that overlap, from funding to feedback.

Each block holds the same number of events. The steps of one task lie over `span` blocks, some closer, some further:
with a small span a task's events are neighbours, with a large one a fold meets each task again in later batches.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

AGENTS, CLIENTS = 200, 500
BUDGET, FEE = 10_000_000, 100_000
FIRST_TIME, BLOCK_SECONDS = 1_750_000_000, 2
NOBODY = bytes(20)


@dataclass(frozen=True, slots=True)
class Said:
    """One event: its contract's artifact, its name, and its arguments by their Solidity names."""

    contract: str
    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """What a task does next, in the order in which blocks take it."""

    block: int
    task: int
    number: int


@dataclass
class Story:
    """Tells each block's events; the same for the same numbers, on every machine."""

    span: int
    per_block: int
    waiting: list[Step] = field(default_factory=list)
    tasks: int = 0
    given: Counter[tuple[int, bytes]] = field(default_factory=Counter)

    def blocks(self, count: int) -> Iterator[list[Said]]:
        """Blocks 1..count."""
        left: list[Said] = [said for agent in range(1, AGENTS + 1) for said in registration(agent)]
        for block in range(1, count + 1):
            while len(left) < self.per_block:
                left += self.next_step(block)
            yield left[: self.per_block]
            del left[: self.per_block]

    def next_step(self, block: int) -> list[Said]:
        """A step that is due, or else a new task."""
        if self.waiting and self.waiting[0].block <= block:
            step = heapq.heappop(self.waiting)
        else:
            self.tasks += 1
            step = Step(block, self.tasks, 0)
        if step.number < len(STEPS) - 1:
            heapq.heappush(self.waiting, Step(block + self.pause(step), step.task, step.number + 1))
        return STEPS[step.number](self, step)

    def pause(self, step: Step) -> int:
        """A half to one and a half of an even share of the span."""
        share = max(1, self.span // (len(STEPS) - 1))
        return max(1, share // 2 + word(f"pause {step.task} {step.number}")[0] * share // 255)

    def feedback_index(self, agent: int, client: bytes) -> int:
        self.given[agent, client] += 1
        return self.given[agent, client]


def word(seed: str) -> bytes:
    return sha256(seed.encode()).digest()


def address(seed: str) -> bytes:
    return word(seed)[:20]


def agent_of(task: int) -> int:
    return 1 + task * 7 % AGENTS


def client_of(task: int) -> bytes:
    return address(f"client {task * 11 % CLIENTS}")


def registration(agent: int) -> list[Said]:
    owner = address(f"agent {agent}")
    return [
        Said("IdentityRegistry", "Transfer", {"from": NOBODY, "to": owner, "id": agent}),
        Said(
            "IdentityRegistry",
            "Registered",
            {"agentId": agent, "agentURI": f"https://agents.example/{agent}/card.json", "owner": owner},
        ),
    ]


def fund(_story: Story, step: Step) -> list[Said]:
    at = FIRST_TIME + step.block * BLOCK_SECONDS
    terms = {
        "buyer": client_of(step.task),
        "agent": NOBODY,
        "awarder": address("auctioneer"),
        "arbiter": address("arbiter"),
        "parent": bytes(32),
        "content": word(f"content {step.task}"),
        "salt": word(f"salt {step.task}"),
        "budget": BUDGET,
        "childCap": 0,
        "awardBy": at + 3_600,
        "deliverBy": at + 86_400,
        "reviewSeconds": 259_200,
        "vetoSeconds": 600,
        "arbiterSeconds": 604_800,
        "defaultShareBps": 5_000,
    }
    return [Said("TaskEscrow", "TaskFunded", {"taskId": word(f"task {step.task}"), "terms": terms})]


def award(_story: Story, step: Step) -> list[Said]:
    """One task in ten is reclaimed instead, and says no more."""
    task_id, agent = word(f"task {step.task}"), agent_of(step.task)
    if step.task % 10 == 9:
        args = {"taskId": task_id, "buyer": client_of(step.task), "amount": BUDGET, "reason": 4}
        return [Said("TaskEscrow", "TaskRefunded", args)]
    wallet, surplus = address(f"agent {agent}"), step.task % 1_000 * 1_000
    args = {"taskId": task_id, "agentId": agent, "agent": wallet, "payee": wallet, "price": BUDGET - surplus}
    hashes = {"bidDigest": word(f"bid {step.task}"), "transcript": word(f"transcript {step.task}")}
    return [Said("TaskEscrow", "TaskAwarded", args | {"surplus": surplus} | hashes)]


def submit(_story: Story, step: Step) -> list[Said]:
    if step.task % 10 == 9:
        return []
    args = {"taskId": word(f"task {step.task}"), "agentId": agent_of(step.task)}
    return [Said("TaskEscrow", "TaskSubmitted", args | {"deliverable": word(f"deliverable {step.task}")})]


def release(_story: Story, step: Step) -> list[Said]:
    if step.task % 10 == 9:
        return []
    price = BUDGET - step.task % 1_000 * 1_000
    payee = address(f"agent {agent_of(step.task)}")
    args = {"payee": payee, "amount": price, "fee": FEE, "remaining": 0, "claimed": step.task % 3 == 0}
    return [Said("TaskEscrow", "TaskReleased", {"taskId": word(f"task {step.task}")} | args)]


def rate(story: Story, step: Step) -> list[Said]:
    """One task in four earns feedback."""
    if step.task % 4 or step.task % 10 == 9:
        return []
    agent, client = agent_of(step.task), client_of(step.task)
    key = {"agentId": agent, "clientAddress": client, "feedbackIndex": story.feedback_index(agent, client)}
    tags = {"indexedTag1": word("guildhall"), "tag1": "guildhall", "tag2": "text.sort"}
    places = {"endpoint": "", "feedbackURI": "", "feedbackHash": word(f"comment {step.task}")}
    given = key | {"value": step.task % 5 + 1, "valueDecimals": 0} | tags | places
    return [
        Said("ReputationRegistry", "NewFeedback", given),
        Said("ReputationRegistry", "TaskRated", key | {"taskId": word(f"task {step.task}")}),
    ]


STEPS = (fund, award, submit, release, rate)
