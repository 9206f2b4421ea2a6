"""What stories are made of: posting and funding a task, waiting for its states, checking work, paying."""

import asyncio
from collections.abc import Callable

from demo import work
from demo.lines import tell
from sdk import AuctionPlan, Client, Windows, make_terms
from sdk.schemas import Intent, Task
from sdk.terms import ZERO_ADDRESS

TICK_SECONDS = 0.4
STEP_SECONDS = 150.0
UNIT = 1_000_000
SHOWN = ("remaining", "paid", "fees", "refunded", "price", "share_bps", "by_default", "payee")


class StoryFailed(Exception):
    """Something did not end as the story says."""


class Buyer:
    """One wallet and the tasks that it posted, looked at once a tick for all stories together."""

    def __init__(self, client: Client, arbiter: str, silent_arbiter: str) -> None:
        self.client = client
        self.arbiter = arbiter
        self.silent_arbiter = silent_arbiter
        self.seen: dict[str, Task] = {}
        # Fundings of the reorg stories leave at one moment, so that the same few blocks hold them.
        self.together = asyncio.Barrier(2)
        self._changed = asyncio.Condition()

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            tasks = await self.client.tasks(role="buyer")
            async with self._changed:
                for task in tasks:
                    tell_change(self.seen.get(task.task_id), task)
                    self.seen[task.task_id] = task
                self._changed.notify_all()
            await asyncio.sleep(TICK_SECONDS)

    async def until(self, terms_id: str, holds: Callable[[Task], bool], *, seconds: float = STEP_SECONDS) -> Task:
        """The task once this holds; raises TimeoutError with the state it was last in."""

        def reached() -> bool:
            task = self.seen.get(terms_id)
            return task is not None and holds(task)

        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(reached)
        except TimeoutError as error:
            last = self.seen.get(terms_id)
            raise TimeoutError(f"task {terms_id} stayed {last and last.state} for {seconds:g} s") from error
        return self.seen[terms_id]

    async def until_state(self, terms_id: str, *states: str, seconds: float = STEP_SECONDS) -> Task:
        return await self.until(terms_id, lambda task: task.state in states, seconds=seconds)

    async def post(
        self,
        story: str,
        title: str,
        capability: str,
        content: str,
        *,
        usdc: int,
        windows: Windows,
        agent: str = ZERO_ADDRESS,
        arbiter: str | None = None,
        auction: AuctionPlan | None = None,
        together: bool = False,
    ) -> Task:
        """Uploads the content, posts the terms and signs the payment; the money is in the escrow when this returns."""
        network, clock = await self.client.network(), await self.client.clock()
        terms = make_terms(
            buyer=self.client.address,
            arbiter=arbiter or self.arbiter,
            content=(await self.client.upload(content.encode())).digest,
            budget=usdc * UNIT,
            chain_time=clock.chain_time,
            windows=windows,
            agent=agent,
            awarder=network.auctioneer if auction else ZERO_ADDRESS,
        )
        task = await self.client.post_task(terms, title=title, capability=capability, auction=auction)
        tell("posted", story=story, task=task.task_id, title=title, budget=terms.budget)
        if together:
            await self.together.wait()
        intent = await self.client.fund(terms)
        mined = await self.client.wait_for_intent(intent, timeout_seconds=STEP_SECONDS)
        tell("funded", story=story, task=task.task_id, tx_hash=mined.tx_hash)
        return task

    async def hired(self, capability: str) -> str:
        """The owner of a listing of this trade."""
        found = await self.client.wait_until(
            f"a listing for {capability}",
            lambda: self.client.listings(capability=capability),
            lambda listings: bool(listings),
            STEP_SECONDS,
        )
        return (await self.client.agent(found[0].agent_id)).owner

    async def work_is_right(self, task: Task) -> bool:
        """Downloads what was delivered and does the job again."""
        content, delivered = await self.client.download(task.terms.content), await self.delivered(task)
        return delivered == work.do(task.capability, content)

    async def delivered(self, task: Task) -> bytes:
        if task.escrow is None or task.escrow.deliverable is None:
            raise StoryFailed("nothing was delivered")
        return await self.client.download(task.escrow.deliverable)

    async def release(self, task: Task, amount: int) -> None:
        await self.carried(await self.client.release(task.terms, amount))

    async def rate(self, task: Task, stars: int, comment: str) -> None:
        """Ratings rest on final payments only, and are shown once the agent has spoken too."""
        final = await self.until(task.task_id, lambda seen: seen.finality == "final")
        if final.escrow is None or final.escrow.agent_id is None:
            raise StoryFailed("no agent to rate")
        agent_id = final.escrow.agent_id
        await self.client.rate(task.terms, agent_id, stars, comment, task.capability)
        shown = await self.client.wait_until(
            "both reviews",
            lambda: self.client.reviews_of_task(task.terms),
            lambda seen: [review.side for review in seen.items] == ["buyer", "agent"],
            STEP_SECONDS,
        )
        tell("rated", task=task.task_id, stars=stars, by_the_agent=shown.items[1].stars)

    async def carried(self, intent: Intent) -> None:
        await self.client.wait_for_intent(intent, timeout_seconds=STEP_SECONDS)


def tell_change(before: Task | None, now: Task) -> None:
    if before is not None and (before.state, before.escrow) == (now.state, now.escrow):
        return
    money = {} if now.escrow is None else {name: getattr(now.escrow, name) for name in SHOWN}
    tell("state", task=now.task_id, state=now.state, reason=now.reason, **money)


def require(holds: bool, what: str) -> None:
    if not holds:
        raise StoryFailed(what)
