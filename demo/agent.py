"""An agent: registers, bids on open tasks of its trades, works when it is chosen, claims when the buyer is silent.

`python -m demo.agent --url URL --key-file FILE --name Ada --trade text.sort=good:6000 ...`, where a trade is a
capability, how the work is done (good, careless, slow, never) and the least price in basis points of the budget.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from demo import work
from demo.lines import tell
from demo.participant import arguments, play
from sdk import Client
from sdk.errors import IntentFailed, Problem, WaitTimedOut
from sdk.schemas import Task

TICK_SECONDS = 0.6
SLOW_SECONDS = 12 * 3600
MAX_TRIES = 8
CLOSE_SECONDS = 120.0


@dataclass(frozen=True)
class Trade:
    capability: str
    manner: str
    least_bps: int


class Agent:
    """Keeps what it has already done for which task."""

    def __init__(self, client: Client, name: str, trades: list[Trade]) -> None:
        self.client = client
        self.name = name
        self.trades = {trade.capability: trade for trade in trades}
        self.agent_id = 0
        self.settled: set[tuple[str, str]] = set()
        self.tries: Counter[tuple[str, str]] = Counter()
        self.acts = asyncio.TaskGroup()

    async def register(self) -> None:
        intent = await self.client.register(f"https://agents.example/{self.name.lower()}.json")
        await self.client.wait_for_intent(intent)
        self.agent_id = (await self.client.registered_agent()).agent_id
        await self.client.set_profile(self.agent_id, self.name, f"{self.name} does {', '.join(self.trades)}")
        for capability in self.trades:
            await self.client.offer(self.agent_id, capability, f"{self.name}: {capability}", price="1000000")
        tell("registered", agent_id=self.agent_id, trades=list(self.trades))

    async def live(self) -> int:
        """Until told to stop. Acts run side by side: a submission on its way keeps no bid waiting."""
        await self.register()
        async with self.acts:
            while True:
                await self.look_for_work()
                await self.look_after_own_tasks()
                await asyncio.sleep(TICK_SECONDS)

    async def look_for_work(self) -> None:
        for task in await self.client.tasks(state="open"):
            if task.capability in self.trades and not task.terms.is_direct_hire:
                self.once("bid", task, self.bid)

    async def bid(self, task: Task) -> None:
        min_price = task.terms.budget * self.trades[task.capability].least_bps // 10_000
        offer: dict[str, Any] = {
            "min_price": min_price,
            "min_work_seconds": 1,
            "valid_until": task.terms.award_by + 60,
            "payee": self.client.address,
        }
        if task.auction is None:
            await self.client.bid(task.terms, self.agent_id, **offer)
        else:
            await self.client.bid_sealed(task.terms, self.agent_id, timeout_seconds=CLOSE_SECONDS, **offer)
        tell("bid", task=task.task_id, min_price=min_price)

    async def look_after_own_tasks(self) -> None:
        held = [task for task in await self.client.tasks(role="agent") if task.capability in self.trades]
        clock = await self.client.clock()
        for task in held:
            if task.escrow is None:
                continue
            now, since = clock.chain_time, task.escrow.since
            match task.state:
                case "awarded" if task.finality == "final" and self.ready(task, now - since):
                    self.once("submit", task, self.submit)
                case "submitted" if now > since + task.terms.review_seconds:
                    self.once("claim", task, self.claim)
                case "disputed" if now > since + task.terms.arbiter_seconds:
                    self.once("rule by default", task, self.rule_by_default)
                case "released":
                    self.once("look at owed", task, self.look_at_owed)
                    if task.finality == "final":
                        self.once("review", task, self.review_buyer)

    def ready(self, task: Task, waited_seconds: int) -> bool:
        """No work on money that a reorg may take back, none within the veto window, and each in his manner."""
        manner = self.trades[task.capability].manner
        wait = SLOW_SECONDS if manner == "slow" else task.terms.veto_seconds
        return manner != "never" and waited_seconds > wait

    async def submit(self, task: Task) -> None:
        content = await self.client.download(task.terms.content)
        careless = self.trades[task.capability].manner == "careless"
        do = work.do_carelessly if careless else work.do
        stored = await self.client.upload(do(task.capability, content))
        intent = await self.client.submit(task.terms, self.agent_id, stored.digest)
        await self.client.wait_for_intent(intent)
        tell("submitted", task=task.task_id, bytes=stored.size)

    async def claim(self, task: Task) -> None:
        await self.client.wait_for_intent(await self.client.claim(task.terms))
        tell("claimed", task=task.task_id)

    async def rule_by_default(self, task: Task) -> None:
        await self.client.wait_for_intent(await self.client.rule_by_default(task.terms))
        tell("ruled by default", task=task.task_id)

    async def look_at_owed(self, task: Task) -> None:
        amount = await self.client.owed(self.client.address)
        if amount:
            tell("owed", task=task.task_id, amount=amount)

    async def review_buyer(self, task: Task) -> None:
        """Paid without a dispute: nothing to complain of."""
        await self.client.review_buyer(task.terms, self.agent_id, 5, "Paid as agreed.")
        tell("reviewed", task=task.task_id)

    def once(self, what: str, task: Task, act: Callable[[Task], Awaitable[None]]) -> None:
        key = (what, task.task_id)
        if key not in self.settled:
            self.settled.add(key)
            self.acts.create_task(self.attempt(key, task, act))

    async def attempt(self, key: tuple[str, str], task: Task, act: Callable[[Task], Awaitable[None]]) -> None:
        """Again at a later tick after a refusal, since a reorg or a late block may have made it early."""
        self.tries[key] += 1
        try:
            await act(task)
        except (IntentFailed, Problem, WaitTimedOut) as refusal:
            tell("refused", task=task.task_id, what=key[0], reason=str(refusal))
            if self.tries[key] < MAX_TRIES:
                await asyncio.sleep(TICK_SECONDS)
                self.settled.discard(key)


def trade(text: str) -> Trade:
    capability, _, rest = text.partition("=")
    manner, _, least_bps = rest.partition(":")
    if manner not in ("good", "careless", "slow", "never") or not least_bps.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not CAPABILITY=MANNER:BPS")
    return Trade(capability, manner, int(least_bps))


def main() -> int:
    parser = arguments("agent")
    parser.add_argument("--name", required=True)
    parser.add_argument("--trade", action="append", type=trade, required=True, metavar="CAPABILITY=MANNER:BPS")
    options = parser.parse_args()
    return play(options, lambda client: Agent(client, options.name, options.trade).live())


if __name__ == "__main__":
    sys.exit(main())
