"""What agents, buyers and arbiters have in common: a wallet, the board, and acts that run side by side."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from sdk import Client
from sdk.errors import SdkError
from sdk.schemas import Intent, Task
from simulation.acts import Acts
from simulation.board import Board
from simulation.journal import Journal

CARRIED_SECONDS = 45.0
WAVE_SECONDS = 500.0
"""Longer than any wave is given: whoever waits so long is ended by the conductor before."""


@dataclass
class Participant:
    """Its dice are its own, so that who is slow changes nobody else's."""

    client: Client
    board: Board
    journal: Journal
    acts: Acts
    random: Random

    def act(self, who: str, doing: Coroutine[Any, Any, None]) -> None:
        """Starts it; a refusal ends it, is counted, and is nobody else's."""
        self.acts.start(self._guarded(who, doing))

    async def _guarded(self, who: str, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except (SdkError, TimeoutError) as error:
            self.journal.refused(who, error)

    async def carried(self, intent: Intent, task_id: str, holds: Callable[[Task], bool]) -> Task:
        """The task once the chain shows what was asked for. Raises IntentFailed, WaitTimedOut, TimeoutError."""
        try:
            return await self.board.until(task_id, holds, CARRIED_SECONDS)
        except TimeoutError:
            await self.client.wait_for_intent(intent, timeout_seconds=CARRIED_SECONDS)
            return await self.board.until(task_id, holds, CARRIED_SECONDS)
