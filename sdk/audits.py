"""For operators: which finished work is to be done again, and what was found."""

from typing import Any, Literal

from sdk.content import Content


class Audits(Content):
    async def drawn_audits(self) -> list[dict[str, Any]]:
        """Finished work that the lot fell on and that is not audited yet, the oldest first."""
        return [dict(item) async for item in self._all("/v1/operations/audits/drawn")]

    async def take_audit_on(self, work: dict[str, Any]) -> tuple[bytes, bytes]:
        """What one of the `drawn_audits` asked for, and what came; from now on this operator may read both."""
        await self.request("PUT", f"/v1/operations/audits/{work['task_id']}/reader", repeatable=True)
        return await self.download(work["content"]), await self.download(work["deliverable"])

    async def record_audit(
        self, task_id: str, *, passed: bool, method: Literal["canary", "re-execution"], report: str
    ) -> None:
        """Says, once for each task, whether its work was right; `report` is the SHA-256 of the auditor's words."""
        body = {"passed": passed, "method": method, "report": report}
        await self.request("PUT", f"/v1/operations/audits/{task_id}", repeatable=True, json=body)
