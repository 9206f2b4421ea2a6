"""Prices that move by themselves."""

from typing import Any

from sdk.session import Session


class Pricing(Session):
    async def price_by_demand(self, listing_id: str, floor: int, ceiling: int, **wanted: Any) -> dict[str, Any]:
        """Lets a listing's price move between two amounts (base units). `wanted`: step_bps, target (work that the agent
        aims at), interval_seconds. Changing the price by hand ends it."""
        body = {"floor": str(floor), "ceiling": str(ceiling)} | wanted
        path = f"/v1/listings/{listing_id}/pricing"
        return dict((await self.request("PUT", path, repeatable=True, json=body)).json())

    async def pricing(self, listing_id: str) -> dict[str, Any]:
        """The bounds of a price, and whether it still moves."""
        return dict(await self._get(f"/v1/listings/{listing_id}/pricing"))

    async def price_steps(self, listing_id: str) -> list[dict[str, Any]]:
        """Every step that a price took, newest first, with its reasons."""
        return [dict(item) async for item in self._all(f"/v1/listings/{listing_id}/pricing/steps")]

    async def keep_price(self, listing_id: str) -> None:
        """Leaves a price where it is."""
        await self.request("DELETE", f"/v1/listings/{listing_id}/pricing", repeatable=True)
