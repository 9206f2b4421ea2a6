"""Quotes and what is answered to them, where the buyer awards himself. None of it binds anybody."""

from sdk.schemas import CounterOffer
from sdk.session import Session
from sdk.terms import Terms
from sdk.typed_data import task_id


class CounterOffers(Session):
    async def counter_offer(self, terms: Terms, bid_digest: str, price: int, words: str = "") -> CounterOffer:
        """The buyer tells a bid's agent what he would pay, in base units. Raises Conflict where the bid is not live."""
        body = {"price": str(price), "words": words}
        return CounterOffer.model_validate(await self._post(await self._counters(terms, bid_digest), body))

    async def counter_offers(self, terms: Terms, bid_digest: str) -> list[CounterOffer]:
        """Oldest first, to the buyer and the bid's agent. To take one up, the agent places another bid."""
        path = await self._counters(terms, bid_digest)
        return [CounterOffer.model_validate(each) async for each in self._all(path)]

    async def decline_counter_offer(self, terms: Terms, bid_digest: str) -> CounterOffer:
        """The agent stays with his bid. Raises NotFound where nothing was offered."""
        path = f"{await self._counters(terms, bid_digest)}/decline"
        return CounterOffer.model_validate(await self._post(path, {}))

    async def _counters(self, terms: Terms, bid_digest: str) -> str:
        return f"/v1/tasks/{task_id(terms, await self.network())}/bids/{bid_digest}/counter-offers"
