"""A buyer and an agent on a running network, and the steps that journeys are made of."""

import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal, Self

from audit.check import Audit, audit
from devnet import deploy
from devnet.keys import DevelopmentKey, Role, participant_key, role_key, write_key_file
from devnet.processes import Service
from devnet.rpc import Chain
from devnet.stack import Stack
from sdk import AuctionPlan, Client, Patience, Terms, Wallet, Windows, make_terms
from sdk.schemas import Intent, Task
from sdk.terms import ZERO_ADDRESS
from sdk.typed_data import task_id

BUYER, AGENT, STRANGER = (participant_key(number) for number in (0, 1, 2))
ARBITER = role_key(Role.ARBITER)
CAPABILITY = "text.sort"
UNIT = 1_000_000
FINAL_AFTER_BLOCKS = 9
DAY = 24 * 3600
LONG = Windows(award=DAY, deliver=10 * DAY, review=10 * DAY, arbiter=10 * DAY)
# Services are killed and come back under the client's hands.
PATIENT = Patience(attempts=15, first_wait_seconds=0.1, max_wait_seconds=2.0)
STEP_SECONDS = 60.0


async def prepare(stack: Stack) -> None:
    """Money for the buyer, an identity for the agent."""
    rpc_url = stack.network.endpoints.rpc_url
    deploy.fund(rpc_url, stack.deployment, [BUYER.address, STRANGER.address], 10_000 * UNIT)
    async with client_of(stack, AGENT) as agent:
        await agent.wait_for_intent(await agent.register("https://agents.example/ada.json"))
        await agent.registered_agent()


def client_of(stack: Stack, key: DevelopmentKey) -> Client:
    file = write_key_file(stack.data_dir / "participants", key.address, key)
    return Client(stack.url, Wallet.from_key_file(file), patience=PATIENT, poll_seconds=0.1, accept_terms=True)


class Market:
    """Connections of one test: use it in `async with`."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.buyer, self.agent, self.stranger = (client_of(stack, key) for key in (BUYER, AGENT, STRANGER))
        self.agent_id = 0
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for client in (self.buyer, self.agent, self.stranger):
            await self._exits.enter_async_context(client)
        self.agent_id = (await self.agent.registered_agent()).agent_id
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exits.aclose()

    async def post(
        self,
        usdc: int = 5,
        *,
        auction: AuctionPlan | None = None,
        visibility: Literal["public", "private"] = "public",
        buyer: Client | None = None,
    ) -> Terms:
        """A draft: a direct hire, or an auction. `buyer` is the usual one unless given."""
        buyer = buyer or self.buyer
        content = await buyer.upload(secrets.token_hex(8).encode())
        auctioneer = (await buyer.network()).auctioneer
        terms = make_terms(
            buyer=buyer.address,
            arbiter=ARBITER.address,
            content=content.digest,
            budget=usdc * UNIT,
            chain_time=(await buyer.clock()).chain_time,
            windows=LONG,
            agent=ZERO_ADDRESS if auction else self.agent.address,
            awarder=auctioneer if auction else ZERO_ADDRESS,
        )
        await buyer.post_task(terms, title="A journey", capability=CAPABILITY, visibility=visibility, auction=auction)
        return terms

    async def fund(self, usdc: int = 5, *, auction: AuctionPlan | None = None) -> tuple[Terms, Intent]:
        """On its way to the chain when this returns."""
        terms = await self.post(usdc, auction=auction)
        return terms, await self.buyer.fund(terms)

    async def until(self, terms: Terms, what: str, holds: Callable[[Task], bool]) -> Task:
        wanted = task_id(terms, await self.buyer.network())
        return await self.buyer.wait_until(what, lambda: self.buyer.task(wanted), holds, STEP_SECONDS)

    async def until_mirror_is_at_the_head(self) -> None:
        with Chain(self.stack.network.endpoints.rpc_url) as chain:
            head = chain.block_number()
        await self.buyer.wait_until(
            "the mirror at the head", self.buyer.clock, lambda clock: clock.block_number >= head, STEP_SECONDS
        )

    async def until_state(self, terms: Terms, *states: str) -> Task:
        return await self.until(terms, " or ".join(states), lambda task: task.state in states)

    def mine(self, blocks: int) -> None:
        """Empty blocks: finality is eight behind the head, and nobody waits for a clock."""
        with Chain(self.stack.network.endpoints.rpc_url) as chain:
            chain.ask("anvil_mine", hex(blocks))

    async def deliver(self, terms: Terms, work: bytes) -> None:
        """The agent's part, of an award that cannot be taken back."""
        stored = await self.agent.upload(work)
        await self.agent.wait_for_intent(await self.agent.submit(terms, self.agent_id, stored.digest))

    async def deliver_and_pay(self, terms: Terms) -> Task:
        """From a funded hire or an award to the payout."""
        await self.until_state(terms, "awarded")
        self.mine(FINAL_AFTER_BLOCKS)
        await self.until(terms, "awarded for good", lambda task: (task.state, task.finality) == ("awarded", "final"))
        await self.deliver(terms, b"done " + terms.salt.encode())
        submitted = await self.until_state(terms, "submitted")
        assert submitted.escrow is not None
        await self.buyer.wait_for_intent(await self.buyer.release(terms, submitted.escrow.remaining))
        return await self.until_state(terms, "released")

    async def event_names(self, terms: Terms) -> list[str]:
        """What happened to a task on chain, in order, as the mirror tells it."""
        wanted = task_id(terms, await self.buyer.network())
        return [str(event["name"]) async for event in self.buyer.escrow_events(wanted)]

    def audit(self, wait_seconds: float = 20.0) -> Audit:
        endpoints = self.stack.network.endpoints
        return audit(endpoints.rpc_url, endpoints.database_url, self.stack.deployment_file, wait_seconds)

    async def require_equal_ledger(self) -> None:
        result = self.audit()
        assert result.equal, [str(found) for found in result.differences]
        assert result.chain.unexplained == 0


class Fault:
    """A process that dies (or hangs) at a named crash point; `hit` is the proof that it did."""

    def __init__(self, stack: Stack, process: str, name: str, *, hangs: bool = False) -> None:
        self.folder = stack.data_dir / "faults" / secrets.token_hex(4)
        self.folder.mkdir(parents=True)
        self.marker: Path = self.folder / name
        at = f"{name}:hang" if hangs else name
        self.service: Service = stack.restart(process, FAULT_AT=at, FAULT_DIR=str(self.folder))
        self._stack, self._process = stack, process

    def hit(self) -> bool:
        return self.marker.exists()

    def died(self) -> bool:
        return self.hit() and self.service.exit_code() == 128 + 9

    def resume(self) -> None:
        """Lets a hanging process go on."""
        self.marker.with_suffix(".resume").touch()

    def recover(self) -> None:
        """Back in its usual environment."""
        self._stack.restart(self._process, FAULT_AT="", FAULT_DIR="")
