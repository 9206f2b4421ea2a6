"""Disputes: what was said, with which evidence."""

from typing import Any

from sdk.session import Session
from sdk.terms import Terms
from sdk.typed_data import task_id


class Disputes(Session):
    async def disputes(self) -> list[dict[str, Any]]:
        """Those in which this wallet is a party or the arbiter."""
        return [item async for item in self._all("/v1/disputes")]

    async def dispute_of(self, terms: Terms) -> dict[str, Any]:
        answer: dict[str, Any] = await self._get(f"/v1/tasks/{task_id(terms, await self.network())}/dispute")
        return answer

    async def add_evidence(self, terms: Terms, digest: str) -> dict[str, Any]:
        """Lets the parties and the arbiter read uploaded content in this dispute."""
        path = f"/v1/tasks/{task_id(terms, await self.network())}/evidence"
        answer: dict[str, Any] = await self._post(path, {"digest": digest})
        return answer
