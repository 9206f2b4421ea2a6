"""Calls: who does one now, and having it done."""

from typing import Any
from uuid import uuid4

from sdk.session import Session


class Calls(Session):
    async def route(self, capability: str, **wanted: Any) -> dict[str, Any]:
        """Who does a call now, where, and why. Filters: max_price, min_quality (millionths), max_latency_ms, keeps_to,
        region; prefer: speed, balanced or cost."""
        answer = await self.request("POST", "/v1/routes", repeatable=True, json={"capability": capability} | wanted)
        return dict(answer.json())

    async def call(self, capability: str, input: Any, *, call_id: str | None = None, **wanted: Any) -> Any:
        """The answer of an agent that does it for nothing; a lost connection asks for the same call again.

        `call_id` names it: keep one to be able to ask again later. Beside route's filters: deadline_ms, try_ms, hedge,
        priority. Raises Problem where no agent gave a valid answer.
        """
        body = {"call_id": call_id or str(uuid4()), "capability": capability, "input": input} | wanted
        return (await self.request("POST", "/v1/calls", repeatable=True, json=body)).json()["answer"]
