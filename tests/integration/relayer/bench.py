"""What the relayer's tests work with: a sender of its own, and a stranger's calls for it to carry.

The calls are the token's: `transfer` of nothing succeeds for anybody, one of too much reverts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import undefer

from app.announcements.models import Announcement
from app.boundary import WorkerRuntime, transaction
from app.chain.contracts import call_data, register_for
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.chain.typed_data import register
from app.database import Address, TaskId
from app.relayer.actions import enqueue
from app.relayer.carry import carry
from app.relayer.jobs import one_round
from app.relayer.models import Intent, Transaction
from app.relayer.sender import Sender
from app.signing.signer import LocalSigner
from devnet.keys import DevelopmentKey, participant_key

PATIENCE_SECONDS = 20.0


MakeRuntime = Callable[..., WorkerRuntime]
"""(settings that say where the keys are): what a worker process has."""


def signer_of(account: LocalAccount) -> LocalSigner:
    return LocalSigner(bytes(account.key))


def key_of(sender: Sender) -> DevelopmentKey:
    """For a key file."""
    assert isinstance(sender.signer, LocalSigner)
    return DevelopmentKey(sender.address, "0x" + sender.signer._key.secret.hex())


@dataclass(frozen=True)
class Bench:
    """A sender of its own for each test, so that no test meets another's nonces."""

    sender: Sender
    engine: AsyncEngine
    contracts: Deployment

    @property
    def chain(self) -> AsyncChain:
        return self.sender.chain

    def transfer(self, amount: int) -> bytes:
        return call_data("MockUSDC", "transfer", participant_key(3).address, amount)

    def registration(self, owner: LocalAccount | None = None, nonce: int = 0) -> bytes:
        """One owner's signed registration: whoever carries it first wins, a second time its nonce is used."""
        owner = owner or Account.create()
        address, deadline = Address(owner.address), 2**40 - 1
        typed = register(self.contracts, address, "https://agent.example/card.json", nonce, deadline)
        signature = owner.sign_typed_data(full_message=dict(typed)).signature
        return register_for(address, "https://agent.example/card.json", deadline, bytes(signature))

    async def enqueue(
        self, key: str, data: bytes | None = None, to: Address | None = None, task_id: TaskId | None = None
    ) -> UUID:
        async with transaction(self.sender.sessions) as session:
            intent = await enqueue(
                session,
                key=f"{self.sender.address}:{key}",
                verb="transfer",
                task_id=task_id,
                account=self.sender.address,
                to=to or self.contracts.token,
                data=self.transfer(0) if data is None else data,
            )
            return intent.id

    async def intent(self, intent_id: UUID) -> Intent:
        async with self.sender.sessions() as session:
            return await session.get_one(Intent, intent_id)

    async def transactions(self) -> list[Transaction]:
        async with self.sender.sessions() as session:
            mine = select(Transaction).where(Transaction.sender == self.sender.address)
            mine = mine.options(undefer(Transaction.raw))
            return list(await session.scalars(mine.order_by(Transaction.nonce, Transaction.attempt)))

    async def announced(self, intent_id: UUID) -> list[str]:
        async with self.sender.sessions() as session:
            said = select(Announcement).where(Announcement.payload["intent_id"].as_string() == str(intent_id))
            return [row.topic for row in await session.scalars(said.order_by(Announcement.id))]

    async def carry(self) -> int:
        return await carry([self.sender])

    async def sweep(self) -> None:
        await one_round([self.sender])

    async def state(self) -> list[str]:
        """What a failed test wants to see."""
        return [f"{row.nonce}.{row.attempt} {row.state} sends={row.sends}" for row in await self.transactions()]

    async def sweep_until(self, reached: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await reached():
            assert time.monotonic() < deadline, await self.state()
            await self.sweep()
            await asyncio.sleep(0.05)

    async def sweep_to(self, intent_id: UUID, *states: str) -> Intent:
        async def reached() -> bool:
            return (await self.intent(intent_id)).state in states

        await self.sweep_until(reached)
        return await self.intent(intent_id)

    async def sweep_all_to(self, intent_ids: Sequence[UUID], *states: str) -> list[Intent]:
        return [await self.sweep_to(intent_id, *states) for intent_id in intent_ids]

    async def ask(self, method: str, *params: Any) -> Any:
        return await self.chain.request(method, *params)

    async def mine(self, blocks: int) -> None:
        await self.ask("anvil_mine", hex(blocks))
