"""From the posting to the rating, as any buyer would. Every step looks first at what was done already, so a canary that
was stopped is simply played again."""

import random
from dataclasses import dataclass
from typing import Any

from canary.errors import CanaryRefused
from canary.nest import Hired, Nest
from canary.plan import Plan
from sdk import Client, Windows, make_terms
from sdk.digests import digest_of
from sdk.errors import Conflict
from sdk.schemas import ENDED, Hit, Task

DECIDED = ENDED | {"submitted", "disputed", "overdue"}
GOOD_STARS, BAD_STARS = 5, 1
SAID_BEFORE = ("already-rated", "reviews-closed")
EVIDENCE = "This is not what was asked for. The right answer would be:\n\n{expected}"


@dataclass(frozen=True)
class Canary:
    """`patience` is how many seconds each wait may last: an agent works for hours, an arbiter for days."""

    client: Client
    nest: Nest
    plan: Plan
    patience: float

    async def play(self) -> Task:
        """As far as it goes: over, final and rated, with the report written. Raises WaitTimedOut where others are not
        done yet; CanaryRefused before anything is posted; whatever the client raises."""
        hired = self.nest.hired() or await self.hire()
        task = await self.paid(hired)
        task = await self.until(task.task_id, "delivery", DECIDED)
        if task.state == "overdue":
            await self.client.wait_for_intent(await self.client.reclaim(hired.terms))
        elif task.state == "submitted":
            await self.judge(hired, task)
        ended = await self.until(task.task_id, "a final end", ENDED, final=True)
        await self.rate(hired, ended)
        return ended

    async def hire(self) -> Hired:
        """Chooses, once, and writes down whom and by which terms."""
        if await self.client.tasks(role="buyer"):
            raise CanaryRefused(f"{self.client.address} has posted tasks before, and whoever saw them knows it.")
        offer = await self.offer()
        price = self.plan.price or offer.price
        if price is None:
            raise CanaryRefused(f"Agent {offer.agent_id} asks no fixed price: give the plan one.")
        network = await self.client.network()
        stored = await self.client.upload(self.plan.content.encode())
        terms = make_terms(
            buyer=self.client.address,
            agent=(await self.client.agent(offer.agent_id)).owner,
            arbiter=network.arbiters[0],
            content=stored.digest,
            budget=price,
            chain_time=(await self.client.clock()).chain_time,
            windows=Windows(
                deliver=self.plan.deliver_seconds,
                review=self.plan.review_seconds,
                arbiter=self.plan.arbiter_seconds,
            ),
        )
        hired = Hired(offer.agent_id, terms)
        self.nest.keep(hired)
        return hired

    async def offer(self) -> Hit:
        """The agent that the plan names, or one by lot of those who offer the capability and are there."""
        wanted: dict[str, Any] = {"capability": self.plan.capability, "pricing": "per_task", "limit": 100}
        if self.plan.agent_id is None:
            wanted["alive"] = "true"
        else:
            wanted["agent_id"] = self.plan.agent_id
        found = (await self.client.search(**wanted)).items
        if not found:
            who = "Nobody who is there" if self.plan.agent_id is None else f"Agent {self.plan.agent_id}"
            raise CanaryRefused(f"{who} offers {self.plan.capability} by the task.")
        return random.SystemRandom().choice(found)

    async def paid(self, hired: Hired) -> Task:
        """The task with its money in the escrow for good."""
        task = await self.client.post_task(hired.terms, title=self.plan.title, capability=self.plan.capability)
        if task.escrow is None:
            on_their_way = [each for each in await self.client.intents(task.task_id) if each.state != "failed"]
            intent = on_their_way[0] if on_their_way else await self.client.fund(hired.terms)
            await self.client.wait_for_intent(intent, final=True, timeout_seconds=self.patience)
        return task

    async def judge(self, hired: Hired, task: Task) -> None:
        """Pays for what is right and disputes what is not; what was found is written down before."""
        assert task.escrow is not None
        assert task.escrow.deliverable is not None
        delivered = await self.client.download(task.escrow.deliverable)
        is_right = self.plan.is_right(delivered)
        self.nest.report(
            {
                "agent_id": hired.agent_id,
                "content": hired.terms.content,
                "deliverable": task.escrow.deliverable,
                "expected": digest_of(self.plan.answer.encode()),
                "passed": is_right,
                "task_id": task.task_id,
            }
        )
        if is_right:
            await self.client.wait_for_intent(await self.client.release(hired.terms, task.escrow.remaining))
        else:
            evidence = await self.client.upload(EVIDENCE.format(expected=self.plan.answer).encode())
            await self.client.wait_for_intent(await self.client.dispute(hired.terms, evidence.digest))

    async def rate(self, hired: Hired, ended: Task) -> None:
        """The stars that an honest buyer gives, where the task ended with something to rate."""
        if ended.state == "refunded" or not self.nest.report_file.exists():
            return
        stars = GOOD_STARS if self.nest.read_report()["passed"] else BAD_STARS
        try:
            await self.client.rate(hired.terms, hired.agent_id, stars, "", self.plan.capability)
        except Conflict as refusal:
            if refusal.name not in SAID_BEFORE:
                raise

    async def until(self, task_id_: str, what: str, states: frozenset[str], *, final: bool = False) -> Task:
        return await self.client.wait_until(
            what,
            lambda: self.client.task(task_id_),
            lambda task: task.state in states and (task.finality == "final" or not final),
            self.patience,
        )
