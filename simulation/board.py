"""The public feed, read once for everybody in this process. Each acts with a wallet of his own; all look here.

A notice is a wake-up: the task is read anew from the service when something happened to it, and once more when blocks
became final.
"""

import asyncio
from collections.abc import Callable

from sdk import Client
from sdk.errors import NotFound, SdkError
from sdk.schemas import ENDED, Announcement, Task
from simulation.journal import Journal

TICK_SECONDS = 0.6
READERS = 32
PAGE = 500


class Board:
    """Listeners are told of a task when it asks for bids, when it names them, and when it is disputed."""

    def __init__(self, client: Client, journal: Journal) -> None:
        self.client = client
        self.tasks: dict[str, Task] = {}
        self.chain_time = 0
        self.countered: set[str] = set()
        self.offered: set[str] = set()
        self.listeners: list[Callable[[Task], None]] = []
        self._journal = journal
        self._position = 0
        self._blocks: dict[str, int] = {}
        self._told: dict[str, str] = {}
        self._changed = asyncio.Condition()
        self._readers = asyncio.Semaphore(READERS)

    async def catch_up(self) -> None:
        """Passes over what was said before the play."""
        while news := await self.client.announcements(self._position, limit=PAGE):
            self._position = news[-1].position

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except SdkError as error:
                # The position is where it was: the next round sees the same news.
                self._journal.refused("board", error)
            await asyncio.sleep(TICK_SECONDS)

    async def look(self) -> None:
        """One round: the clock, what was announced, and the tasks that it was about."""
        clock, news = await asyncio.gather(self.client.clock(), self.client.announcements(self._position, limit=PAGE))
        self.chain_time = clock.chain_time
        touched = self.touched_by(news)
        await asyncio.gather(*(self.read(task_id) for task_id in touched))
        if news:
            self._position = news[-1].position
        async with self._changed:
            self._changed.notify_all()

    def touched_by(self, news: list[Announcement]) -> set[str]:
        """The tasks that may look different now."""
        touched = {known for known, task in self.tasks.items() if self.is_late(task)}
        for each in news:
            task_id = each.subject.removeprefix("task:")
            if each.topic == "chain.finalized":
                touched |= self.become_final(int(each.payload["block"]))
            if task_id == each.subject:
                continue
            touched.add(task_id)
            if each.topic == "bid.countered":
                self.countered.add(str(each.payload["bid_digest"]))
            elif each.topic == "task.offer_made":
                self.offered.add(task_id)
            elif each.topic.startswith("chain."):
                self._blocks[task_id] = int(each.payload.get("block", 0))
        return touched

    def become_final(self, finalized: int) -> set[str]:
        """The tasks whose last event was not final before, each once."""
        found = {task_id for task_id, block in self._blocks.items() if block <= finalized}
        self._blocks = {task_id: block for task_id, block in self._blocks.items() if task_id not in found}
        return found

    def is_late(self, task: Task) -> bool:
        """Whether its state is another by now only because a deadline has passed: nothing on chain says so."""
        terms = task.terms
        match task.state:
            case "awarded":
                return self.chain_time > terms.deliver_by
            case "open" | "closed" | "inviting" | "award_failed":
                return self.chain_time > terms.award_by
            case _:
                return False

    async def read(self, task_id: str) -> None:
        async with self._readers:
            try:
                task = await self.client.task(task_id)
            except NotFound:
                return  # a draft: nobody but its buyer sees it yet
        self.tasks[task_id] = task
        if task_id in self._journal.records:
            self._journal.records[task_id].task = task
        self.tell(task)

    def tell(self, task: Task) -> None:
        """Once for each state that is somebody's cue; a funded task whose auction has not opened is nobody's."""
        if task.state == "open" and task.auction is not None and task.auction.closes_at is None:
            return
        if self._told.get(task.task_id) != task.state:
            self._told[task.task_id] = task.state
            for listener in self.listeners:
                listener(task)

    async def until(self, task_id: str, holds: Callable[[Task], bool], seconds: float) -> Task:
        """The task once this holds; raises TimeoutError, which names the state that it was last in."""

        def reached() -> bool:
            task = self.tasks.get(task_id)
            return task is not None and holds(task)

        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(reached)
        except TimeoutError as error:
            last = self.tasks.get(task_id)
            raise TimeoutError(f"task {task_id} stayed {last and last.state} for {seconds:g} s") from error
        return self.tasks[task_id]

    async def until_time(self, chain_time: int, seconds: float) -> None:
        """Until the chain's clock has passed this; raises TimeoutError."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self.chain_time > chain_time)


def has_ended(task: Task) -> bool:
    return task.state in ENDED
