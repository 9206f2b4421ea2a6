"""An agent: offers its trades, bids as its cost allows, and delivers as its nature is."""

from dataclasses import dataclass, field
from functools import partial

from demo import work
from sdk.schemas import Stored, Task
from simulation import bidding
from simulation.board import has_ended
from simulation.jobs import RUBBISH, content_for
from simulation.participant import WAVE_SECONDS, Participant
from simulation.people import WHOLE_BPS, AgentNature, Conduct

AWARDED = frozenset({"awarded", "overdue", "submitted"})
BEFORE_AWARD = frozenset({"funding", "inviting", "open", "closed", "awarding"})


@dataclass
class Agent(Participant):
    """`engaged` are the tasks that it bids on or works at, `jobs` those that it works at."""

    nature: AgentNature
    endpoint: str
    agent_id: int = 0
    engaged: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)

    async def enter(self) -> None:
        """Registers, describes itself, and lists each trade twice: for tasks at a price, and for calls at none."""
        name = f"Agent {self.nature.number}"
        intent = await self.client.register(f"https://agents.example/{self.nature.number}.json")
        await self.client.wait_for_intent(intent)
        self.agent_id = (await self.client.registered_agent()).agent_id
        self.journal.agents[self.client.address] = self.nature
        await self.client.set_profile(self.agent_id, name, f"{name} does {', '.join(self.nature.costs)}")
        for trade in self.nature.costs:
            samples = [await self.sample(trade)]
            price = str(self.listed_price(trade))
            words = f"{trade.replace('.', ' ').replace('-', ' ')} done by {name}"
            await self.client.offer(self.agent_id, trade, words, price=price, samples=samples)
            calls = {"pricing": "per_call", "price": "0", "unit": "call", "endpoint": self.endpoint}
            await self.client.offer(self.agent_id, trade, f"{words}, a call at a time", **calls)

    async def sample(self, trade: str) -> dict[str, str]:
        """Right, whoever shows it: a bad agent shows what it will never do for pay."""
        content = content_for(self.random, trade).encode()
        stored: list[Stored] = [await self.client.upload(each) for each in (content, work.do(trade, content))]
        return {"title": "An example", "input": stored[0].digest, "output": stored[1].digest}

    def listed_price(self, trade: str) -> int:
        return bidding.asked(self.nature, trade, bidding.LISTED_BPS)

    def notice(self, task: Task) -> None:
        """A task that asks for bids, or names this agent."""
        if task.task_id in self.engaged:
            return
        if task.terms.agent == self.client.address and task.state == "awarded":
            self.engage(task, self.hired(task))
        elif task.state in ("open", "inviting") and not task.terms.is_direct_hire and self.wants(task):
            self.engage(task, bidding.take_part(self, task))

    def wants(self, task: Task) -> bool:
        """Of its trades, with a place free, and noticed."""
        if task.capability not in self.nature.costs or len(self.engaged) >= self.nature.capacity:
            return False
        return self.random.randrange(WHOLE_BPS) < self.nature.attention_bps

    def engage(self, task: Task, doing: bidding.Doing) -> None:
        self.engaged.add(task.task_id)
        self.act("agent", self.to_the_end(task, doing))

    async def to_the_end(self, task: Task, doing: bidding.Doing) -> None:
        try:
            await doing
            seen = await self.board.until(task.task_id, lambda now: now.state not in BEFORE_AWARD, WAVE_SECONDS)
            if seen.state in AWARDED and seen.escrow is not None and seen.escrow.agent == self.client.address:
                await self.deliver(seen)
        finally:
            self.engaged.discard(task.task_id)
            self.jobs.discard(task.task_id)

    async def hired(self, task: Task) -> None:
        """Declines what is more than it can do; accepts by working."""
        if len(self.jobs) < self.nature.capacity:
            await self.deliver(task)
            return
        self.journal.records[task.task_id].declined = True
        await self.carried(await self.client.cancel(task.terms), task.task_id, has_ended)

    async def deliver(self, task: Task) -> None:
        """No work on money that a reorg may take back; then what its nature is."""
        self.jobs.add(task.task_id)
        await self.board.until(task.task_id, lambda now: now.finality == "final", WAVE_SECONDS)
        record = self.journal.records[task.task_id]
        if self.nature.conduct in (Conduct.ABSENT, Conduct.LATE):
            record.agent_waits = True
            await self.board.until_time(task.terms.deliver_by, WAVE_SECONDS)
            record.agent_waits = False
            if self.nature.conduct is Conduct.ABSENT:
                return
        content = await self.client.download(task.terms.content)
        stored = await self.client.upload(self.work_on(task.capability, content))
        intent = await self.client.submit(task.terms, self.agent_id, stored.digest)
        await self.carried(intent, task.task_id, lambda now: now.state == "submitted" or has_ended(now))
        await self.look_after(task)
        await self.review(task)

    async def review(self, task: Task) -> None:
        """Of whoever paid: five stars for no trouble, two for a dispute."""
        ended = await self.board.until(
            task.task_id, lambda now: has_ended(now) and now.finality == "final", WAVE_SECONDS
        )
        if ended.state != "refunded":
            stars = 2 if ended.state == "ruled" else 5
            await self.client.review_buyer(task.terms, self.agent_id, stars, "How it went.")

    def work_on(self, trade: str, content: bytes) -> bytes:
        """Right with the chance that is its quality, careless otherwise; rubbish by nature."""
        if self.nature.conduct is not Conduct.GOOD:
            return RUBBISH
        if self.random.randrange(WHOLE_BPS) < self.nature.quality_bps:
            return work.do(trade, content)
        return work.do_carelessly(trade, content)

    async def look_after(self, task: Task) -> None:
        """Agrees to a fair split, says its word in a dispute, claims when the buyer was silent."""
        said = False
        while True:
            cue = partial(self.has_cue, said)
            seen = await self.board.until(task.task_id, cue, WAVE_SECONDS)
            if has_ended(seen):
                return
            if seen.state == "disputed":
                said = True
                await self.add_evidence(seen)
            elif task.task_id in self.board.offered and not self.nature.is_bad:
                self.board.offered.discard(task.task_id)
                await self.agree(seen)
            elif self.may_claim(seen):
                await self.carried(await self.client.claim(task.terms), task.task_id, has_ended)
                return

    def has_cue(self, said: bool, task: Task) -> bool:
        if has_ended(task) or (task.state == "disputed" and not said):
            return True
        offered = task.task_id in self.board.offered and not self.nature.is_bad
        return task.state == "submitted" and (offered or self.may_claim(task))

    def may_claim(self, task: Task) -> bool:
        since = 0 if task.escrow is None else task.escrow.since
        return task.state == "submitted" and self.board.chain_time > since + task.terms.review_seconds

    async def agree(self, task: Task) -> None:
        """Signs the split that its own reading of the work yields; another one stays an offer."""
        if task.escrow is None or task.escrow.deliverable is None:
            return
        content, done = [await self.client.download(each) for each in (task.terms.content, task.escrow.deliverable)]
        share_bps = work.right_share_bps(task.capability, content, done)
        await self.client.settle(task.terms, task.escrow.remaining * share_bps // WHOLE_BPS)

    async def add_evidence(self, task: Task) -> None:
        words = b"I delivered what was asked for: do it again and compare."
        await self.client.add_evidence(task.terms, (await self.client.upload(words)).digest)
