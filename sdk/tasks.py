"""Tasks, the bids on them and what is handed in."""

from collections.abc import AsyncIterator
from typing import Any, Literal

from sdk.errors import SignatureRefused
from sdk.schemas import EscrowView, PlacedBid, Task
from sdk.session import Session
from sdk.terms import AuctionPlan, Bid, Terms, message_of
from sdk.typed_data import bid_digest, escrow_message, task_id


class Tasks(Session):
    async def post_task(
        self,
        terms: Terms,
        *,
        title: str,
        capability: str,
        visibility: Literal["public", "private"] = "public",
        auction: AuctionPlan | None = None,
        payment: Literal["in_advance", "at_award"] = "in_advance",
    ) -> Task:
        """A draft until funded; the same terms again are the same task. With `at_award` it asks for bids at once, and
        `award_and_fund` pays.

        Raises SignatureRefused if the service computes another task id.
        """
        about = {
            "title": title,
            "capability": capability,
            "visibility": visibility,
            "auction": None if auction is None else auction.to_wire(),
            "payment": payment,
        }
        answer = await self._post("/v1/tasks", {"terms": terms.to_wire(), **about})
        task = Task.model_validate(answer)
        ours = task_id(terms, await self.network())
        if task.task_id != ours:
            raise SignatureRefused("task_id", ours, task.task_id)
        return task

    async def task(self, task_id_: str) -> Task:
        """Raises NotFound, also for a private task of others; SignatureRefused if the terms are not of this id."""
        return await self._own_reading(await self._get(f"/v1/tasks/{task_id_}"))

    async def tasks(self, **wanted: Any) -> list[Task]:
        """Filters: role (buyer, agent, arbiter), state, capability."""
        return [await self._own_reading(item) async for item in self._all("/v1/tasks", **wanted)]

    async def _own_reading(self, wire: dict[str, Any]) -> Task:
        task = Task.model_validate(wire)
        ours = task_id(task.terms, await self.network())
        if task.task_id != ours:
            raise SignatureRefused("task_id", ours, task.task_id)
        return task

    async def bid(
        self,
        terms: Terms,
        agent_id: int,
        *,
        min_price: int,
        min_work_seconds: int,
        valid_until: int,
        payee: str,
    ) -> PlacedBid:
        """A signed offer of at least `min_price` base units, good until `valid_until` (chain time), that all may read
        at once, or the buyer who chooses himself. For sealed auctions see `commit_bid`. Raises TermsDistrusted."""
        await self.refuse_distrusted(terms)
        network = await self.network()
        path = f"/v1/tasks/{task_id(terms, network)}/bids"
        wanted = {"agent_id": agent_id, "payee": payee, "min_price": str(min_price)}
        times = {"min_work_seconds": min_work_seconds, "valid_until": valid_until}
        prepared = await self._post(f"{path}/prepare", {**wanted, **times})
        ours = Bid(
            task_id=task_id(terms, network),
            agent_id=agent_id,
            agent=self.address,
            payee=payee,
            min_price=min_price,
            min_work_seconds=min_work_seconds,
            valid_until=valid_until,
            salt=str(prepared["typed_data"]["message"].get("salt")),
        )
        typed_data = escrow_message("Bid", message_of(ours), network)
        body = {"bid": prepared["bid"], "signature": self._agreed(typed_data, prepared)}
        placed = PlacedBid.model_validate(await self._post(path, body))
        refuse_other_digest(placed, bid_digest(ours, network))
        return placed

    async def bids(self, terms: Terms) -> list[PlacedBid]:
        """One's own until the auction closes, all of them afterwards and to a buyer who awards himself.

        Raises SignatureRefused where a bid and its digest do not belong together.
        """
        network = await self.network()
        path = f"/v1/tasks/{task_id(terms, network)}/bids"
        placed = [PlacedBid.model_validate(item) async for item in self._all(path)]
        for bid in placed:
            refuse_other_digest(bid, bid_digest(bid.offer, network))
        return placed

    async def withdraw_bid(self, terms: Terms, digest: str) -> None:
        """Before the close, at the service only: whoever has the signature can use it. See `revoke_bid`."""
        path = f"/v1/tasks/{task_id(terms, await self.network())}/bids/{digest}"
        await self.request("DELETE", path, repeatable=True)

    async def auction(self, terms: Terms) -> dict[str, Any]:
        """How the auction stands: commitments after the close, bids once they are shown."""
        answer: dict[str, Any] = await self._get(f"/v1/tasks/{task_id(terms, await self.network())}/auction")
        return answer

    async def submissions(self, terms: Terms) -> list[dict[str, Any]]:
        path = f"/v1/tasks/{task_id(terms, await self.network())}/submissions"
        return [item async for item in self._all(path)]

    async def escrow(self, task_id_: str) -> EscrowView:
        return EscrowView.model_validate(await self._get(f"/v1/escrows/{task_id_}"))

    async def escrow_events(self, task_id_: str) -> AsyncIterator[dict[str, Any]]:
        """What happened on chain, in order, each with block, transaction and finality."""
        async for event in self._all(f"/v1/escrows/{task_id_}/events"):
            yield event

    async def owed(self, owner: str) -> int:
        """Base units that wait for `withdraw`."""
        return int((await self._get(f"/v1/owed/{owner}"))["amount"])

    async def payments(self) -> list[dict[str, Any]]:
        """This wallet's history of deposits, payouts and refunds."""
        return [item async for item in self._all("/v1/payments", address=self.address)]


def refuse_other_digest(placed: PlacedBid, ours: str) -> None:
    if placed.bid_digest != ours:
        raise SignatureRefused("bid_digest", ours, placed.bid_digest)
