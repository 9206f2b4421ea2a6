"""Shares of fees for those who bring others."""

from typing import Any

from sdk.session import Session


class Referrals(Session):
    async def referral_code(self) -> str:
        """The code by which new accounts name this one."""
        answer = await self.request("PUT", "/v1/referrals/code", repeatable=True)
        return str(answer.json()["code"])

    async def name_referrer(self, code: str) -> dict[str, Any]:
        """Says who brought this account: once, while it is new."""
        answer = await self.request("PUT", "/v1/referrals/referrer", repeatable=True, json={"code": code})
        return dict(answer.json())

    async def referrals(self) -> dict[str, Any]:
        """The account's code, whom it named, and what accrued to it, is paid, planned and due (base units)."""
        return dict(await self._get("/v1/referrals"))

    async def referral_accruals(self) -> list[dict[str, Any]]:
        """What accrued, task by task, newest first."""
        return [dict(item) async for item in self._all("/v1/referrals/accruals")]

    async def plan_referral_payouts(self) -> list[dict[str, Any]]:
        """For operators: makes payouts of what is due; every one that is open, from whatever time."""
        await self._post("/v1/operations/referral-payouts", {})
        return [dict(item) async for item in self._all("/v1/operations/referral-payouts", only_open="true")]

    async def prove_referral_payout(self, payout_id: str, tx_hash: str) -> dict[str, Any]:
        """For operators: names the final transfer, from the owner of the fees, that paid it."""
        path = f"/v1/operations/referral-payouts/{payout_id}"
        return dict((await self.request("PUT", path, repeatable=True, json={"tx_hash": tx_hash})).json())
