"""For operators: which finished work is to be done again, and what was found."""

from typing import Any, Literal

from sdk.session import Session


class Audits(Session):
    async def drawn_audits(self) -> list[dict[str, Any]]:
        """Finished work that the lot fell on and that is not audited yet, the oldest first."""
        return [dict(item) async for item in self._all("/v1/operations/audits/drawn")]

    async def record_audit(
        self, task_id: str, *, passed: bool, method: Literal["canary", "re-execution"], report: str
    ) -> None:
        """Says, once for each task, whether its work was right; `report` is the SHA-256 of the auditor's words."""
        body = {"passed": passed, "method": method, "report": report}
        await self.request("PUT", f"/v1/operations/audits/{task_id}", repeatable=True, json=body)
