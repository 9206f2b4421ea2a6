"""One's own limits at the platform, and the human who says yes above them.

They bind what the platform carries. A signed intent can be carried by anyone.
"""

from typing import Any

from sdk.errors import ApprovalDenied
from sdk.session import Session
from sdk.terms import Terms
from sdk.typed_data import task_id


class Spending(Session):
    async def set_spend_policy(self, **policy: Any) -> dict[str, Any]:
        """In the place of the one before: per_task, per_day, per_month, approve_above (base units), alert_bps,
        approval_seconds, agents, capabilities, approvers, second_approvers."""
        amounts = {name: str(value) if isinstance(value, int) else value for name, value in policy.items()}
        body = amounts | {name: policy[name] for name in ("approval_seconds", "alert_bps") if name in policy}
        answer = await self.request("PUT", "/v1/spending/policy", repeatable=True, json=body)
        return dict(answer.json())

    async def spend_policy(self) -> dict[str, Any]:
        """The limits, who approves, and what was spent today. Raises NotFound without a policy."""
        return dict(await self._get("/v1/spending/policy"))

    async def spend_forecast(self) -> dict[str, Any]:
        """What this month would come to at the pace of the last weeks, beside one's own budget."""
        return dict(await self._get("/v1/spending/forecast"))

    async def ask_approval(self, terms: Terms, amount: int | None = None) -> dict[str, Any]:
        """Asks one's approvers for a task's money: its budget, or another amount in base units."""
        task = task_id(terms, await self.network())
        body = {"task_id": task, "amount": str(terms.budget if amount is None else amount)}
        return dict(await self._post("/v1/approvals", body))

    async def approvals(self) -> list[dict[str, Any]]:
        """One's own, and those on which one has a say, newest first."""
        return [item async for item in self._all("/v1/approvals")]

    async def approve(self, approval_id: str) -> dict[str, Any]:
        return dict(await self._post(f"/v1/approvals/{approval_id}/approve", {}))

    async def refuse(self, approval_id: str) -> dict[str, Any]:
        return dict(await self._post(f"/v1/approvals/{approval_id}/refuse", {}))

    async def take_back_approval(self, approval_id: str) -> dict[str, Any]:
        """At any time: what was not sent yet is not sent."""
        return dict(await self._post(f"/v1/approvals/{approval_id}/revocation", {}))

    async def wait_for_approval(self, approval_id: str, *, timeout_seconds: float = 3600.0) -> dict[str, Any]:
        """Until somebody said yes. Raises ApprovalDenied, and WaitTimedOut."""

        async def look() -> dict[str, Any]:
            return dict(await self._get(f"/v1/approvals/{approval_id}"))

        seen = await self.wait_until("approval", look, lambda now: now["state"] != "pending", timeout_seconds)
        if seen["state"] != "approved":
            raise ApprovalDenied(approval_id, str(seen["state"]))
        return seen
