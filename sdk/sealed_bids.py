"""Sealed auctions from the bidder's side: commit, look that the commitment counts, reveal.

The bid and its salt stay here until the reveal. Keep each `SealedBid` where a crash cannot take it (`keep` is called
before anything is sent): who does not reveal is barred from sealed auctions for a week.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

from sdk.errors import AuctionRefused, SignatureRefused
from sdk.session import Session
from sdk.terms import Bid, Terms, fresh_salt, message_of
from sdk.transcripts import auction_id, commitment_of, root_of
from sdk.typed_data import bid_digest, commit_message, escrow_message, refuse_difference, task_id


@dataclass(frozen=True)
class SealedBid:
    """A bid that was committed to, with everything that revealing it takes."""

    bid: Bid
    signature: str
    commitment: str
    auction_id: str

    def to_json(self) -> str:
        """For a file of one's own: it holds the price."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        said = json.loads(text)
        return cls(**{**said, "bid": Bid(**said["bid"])})


class SealedBids(Session):
    async def commit_bid(
        self,
        terms: Terms,
        agent_id: int,
        *,
        min_price: int,
        min_work_seconds: int,
        valid_until: int,
        payee: str,
        keep: Callable[[SealedBid], None] = lambda _: None,
    ) -> SealedBid:
        """Takes part with an offer of at least `min_price` base units, in the place of an earlier one.

        Only a hash of it is sent, after `keep` has put away what revealing takes. Raises Conflict for who is barred,
        and once the bidding is over; TermsDistrusted.
        """
        await self.refuse_distrusted(terms)
        network = await self.network()
        offer = Bid(
            task_id=task_id(terms, network),
            agent_id=agent_id,
            agent=self.address,
            payee=payee,
            min_price=min_price,
            min_work_seconds=min_work_seconds,
            valid_until=valid_until,
            salt=fresh_salt(),
        )
        commitment = commitment_of(bid_digest(offer, network))
        path = f"/v1/tasks/{offer.task_id}"
        auction = auction_id(offer.task_id, int((await self._get(f"{path}/auction"))["round"]))
        prepared = await self._post(f"{path}/commits/prepare", {"agent_id": agent_id, "commitment": commitment})
        message = commit_message(auction, commitment, agent_id, network)
        refuse_difference(message, prepared["typed_data"])
        sealed = SealedBid(
            offer, self.wallet.sign_typed(escrow_message("Bid", message_of(offer), network)), commitment, auction
        )
        keep(sealed)
        body = {"agent_id": agent_id, "commitment": commitment, "auction_id": auction}
        await self._post(f"{path}/commits", body | {"signature": self.wallet.sign_typed(message)})
        return sealed

    async def withdraw_commit(self, terms: Terms, agent_id: int) -> None:
        """Before the close, without consequence."""
        path = f"/v1/tasks/{task_id(terms, await self.network())}/commits/{agent_id}"
        await self.request("DELETE", path, repeatable=True)

    async def reveal_bid(self, sealed: SealedBid) -> None:
        """In the reveal window; again changes nothing. Raises AuctionRefused where the commitment was left out."""
        record = await self._get(f"/v1/tasks/{sealed.bid.task_id}/auction")
        refuse_left_out(sealed, record)
        body = {"bid": sealed.bid.to_wire(), "signature": sealed.signature}
        await self._post(f"/v1/tasks/{sealed.bid.task_id}/reveals", body)

    async def bid_sealed(self, terms: Terms, agent_id: int, *, timeout_seconds: float, **offer: Any) -> SealedBid:
        """Commits, waits for the close and reveals. Keep the process alive, or use the steps one by one."""
        sealed = await self.commit_bid(terms, agent_id, **offer)

        async def look() -> dict[str, Any]:
            return dict(await self._get(f"/v1/tasks/{sealed.bid.task_id}/auction"))

        await self.wait_until("the close", look, lambda record: record["closed_at"] is not None, timeout_seconds)
        await self.reveal_bid(sealed)
        return sealed


def refuse_left_out(sealed: SealedBid, record: dict[str, Any]) -> None:
    """Raises AuctionRefused unless the published root covers this commitment: a bid that is not in it could be shown
    to nobody as having been made. SignatureRefused for another auction."""
    if record["auction_id"] != sealed.auction_id:
        raise SignatureRefused("auction_id", sealed.auction_id, record["auction_id"])
    commits = [(int(each["agent_id"]), str(each["commitment"])) for each in record["commits"]]
    if (sealed.bid.agent_id, sealed.commitment) not in commits:
        raise AuctionRefused("commitment", "it is not among those that were published")
    if record["commit_root"] != root_of(commits):
        raise AuctionRefused("commit_root", "it is not the root of the commitments that were published")
