"""A trail to work on: rows as the API leaves them, links and anchors as the jobs make them."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.boundary import WorkerRuntime, transaction
from app.chain.rpc import AsyncChain
from app.database import Address
from app.relayer.jobs import one_round
from app.relayer.models import Intent
from app.relayer.rules import IntentState
from app.relayer.sender import Sender
from app.trail import actions, jobs
from app.trail.verify import Found, verify
from app.web.caller import Caller
from app.web.calls import Call, Origin
from devnet.keys import participant_key
from tests.integration.api import execute

ACCOUNT = Address(participant_key(0).address)
AT_ONCE = timedelta(0)
PATIENCE_SECONDS = 20.0


def call(number: int = 0, **other: Any) -> Call:
    digest = hashlib.sha256(b"%d" % number).digest()
    facts: dict[str, Any] = {
        "caller": Caller(ACCOUNT, ACCOUNT, session_id=UUID(int=1)),
        "method": "POST",
        "path": f"/v1/tasks/{number}/release",
        "status": 202,
        "request_digest": digest,
        "answer_digest": digest[::-1],
        "origin": Origin(f"192.0.2.{number % 256}", "agent/1", f"request-{number}"),
    }
    return Call(**facts | other)


@dataclass(frozen=True)
class Trail:
    """One trail in its own database."""

    database_url: str
    runtime: WorkerRuntime
    sender: Sender

    @property
    def chain(self) -> AsyncChain:
        return self.sender.chain

    async def write(self, count: int) -> None:
        """Rows, each in a transaction of its own, and their links."""
        for number in range(count):
            async with transaction(self.runtime.sessions) as session:
                await actions.record(session, call(number))
        await self.link()

    async def link(self) -> int:
        return await jobs.link_waiting(self.runtime)

    async def anchor(self, every: timedelta = AT_ONCE) -> Intent | None:
        async with transaction(self.runtime.sessions) as session:
            return await actions.anchor(session, self.sender.address, every)

    async def anchor_for_good(self) -> Intent:
        """An anchor whose block is final."""
        intent = await self.anchor()
        assert intent is not None
        await self.sweep_to(intent.id, IntentState.MINED)
        await self.chain.request("anvil_mine", hex(12))
        return await self.sweep_to(intent.id, IntentState.FINAL)

    async def sweep_to(self, intent_id: UUID, state: IntentState) -> Intent:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            async with self.runtime.sessions() as session:
                intent = await session.get_one(Intent, intent_id)
            if intent.state == state:
                return intent
            assert time.monotonic() < deadline, intent.state
            await one_round([self.sender])

    async def verify(self) -> Found:
        async with self.runtime.sessions() as session:
            return await verify(session, self.chain)

    async def broken(self) -> tuple[int, str] | None:
        """The first break, as place and words."""
        found = (await self.verify()).broken
        return None if found is None else (found.position, found.what)

    def tamper(self, statement: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """As somebody who owns the database."""
        return execute(self.database_url, statement, values)

    def positions(self) -> Sequence[int]:
        rows = self.tamper("SELECT position FROM market.trail_entries WHERE position IS NOT NULL ORDER BY position")
        return [row[0] for row in rows]
