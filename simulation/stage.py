"""Everybody of a play, connected, and told by the board of what concerns them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from simulation.acts import Acts
from simulation.agent import Agent
from simulation.arbiter import Arbiter
from simulation.board import Board
from simulation.buyer import Buyer
from simulation.counting import Meter, client_of
from simulation.endpoint import served
from simulation.journal import Journal
from simulation.people import Population, private_key
from simulation.world import World

ENTERING = 12
"""How many register at a time."""


@dataclass
class Stage:
    """Ready once `enter` has returned."""

    agents: list[Agent]
    buyers: list[Buyer]
    arbiter: Arbiter
    board: Board
    acts: Acts
    journal: Journal
    meter: Meter

    async def enter(self) -> None:
        """Every agent registers and lists what it offers; the others sign in."""
        places = asyncio.Semaphore(ENTERING)

        async def one(agent: Agent) -> None:
            async with places:
                await agent.enter()

        await asyncio.gather(*(one(agent) for agent in self.agents))
        await asyncio.gather(*(each.client.sign_in() for each in (*self.buyers, self.arbiter)))
        await self.board.catch_up()
        self.board.listeners = [self.arbiter.notice, *(agent.notice for agent in self.agents)]

    async def scores(self) -> dict[int, tuple[int, int]]:
        """By agent number: the score in millionths, and the jobs it rests on."""
        found = {}
        for agent in self.agents:
            score = (await self.board.client.reputation(agent.agent_id))["score"]
            found[agent.nature.number] = (int(score["score"]), int(score["jobs"]))
        return found


@asynccontextmanager
async def set_up(world: World, population: Population, auction_seconds: int) -> AsyncIterator[Stage]:
    """Everybody with a wallet of the seed and dice of his own; all is closed on the way out."""
    seed, journal, meter = population.size.seed, Journal(), Meter()
    async with AsyncExitStack() as exits:

        async def of(who: str, key: str | None = None) -> dict[str, Any]:
            client = await exits.enter_async_context(client_of(world.url, key or private_key(seed, who), meter))
            dice = Random(f"{who} {seed}")  # noqa: S311  # a trial, not a secret
            return {"client": client, "board": board, "journal": journal, "acts": acts, "random": dice}

        url = await exits.enter_async_context(served({each.number: each for each in population.agents}))
        observer = client_of(world.url, private_key(seed, "observer"), meter)
        board = Board(await exits.enter_async_context(observer), journal)
        acts = await exits.enter_async_context(Acts())
        arbiter = Arbiter(**await of("arbiter", world.arbiter_key))
        agents = [
            Agent(**await of(f"agent {each.number}"), nature=each, endpoint=f"{url}/{each.number}")
            for each in population.agents
        ]
        rest: dict[str, Any] = {"arbiter": arbiter.client.address, "auction_seconds": auction_seconds}
        buyers = [Buyer(**await of(f"buyer {each.number}"), nature=each, **rest) for each in population.buyers]
        yield Stage(agents, buyers, arbiter, board, acts, journal, meter)
