"""Calls through the market while tasks are traded: a route is asked for, and a call has the router find an agent."""

import asyncio
from random import Random

from demo import work
from sdk.errors import SdkError
from simulation.buyer import Buyer
from simulation.jobs import content_for
from simulation.journal import Called

TRY_MS, DEADLINE_MS = 1_000, 8_000


async def call_around(buyers: list[Buyer], trades: list[str], times: int, random: Random) -> None:
    """So many calls by buyers in turn, one after the other."""
    for number in range(times):
        await call_once(buyers[number % len(buyers)], random.choice(trades), random)
        await asyncio.sleep(0.1)


async def call_once(buyer: Buyer, trade: str, random: Random) -> None:
    """Asks who would do it, and has it done. The answer is checked."""
    journal, text = buyer.journal, content_for(random, trade)
    answer = None
    try:
        await buyer.client.route(trade, prefer="balanced")
        journal.routed += 1
        asked = {"trade": trade, "text": text}
        answer = await buyer.client.call(trade, asked, deadline_ms=DEADLINE_MS, try_ms=TRY_MS)
    except SdkError as refusal:
        journal.refused("caller", refusal)
    right = work.do(trade, text.encode()).decode()
    is_right = isinstance(answer, dict) and answer.get("text") == right
    journal.calls.append(Called(answer is not None, is_right))
