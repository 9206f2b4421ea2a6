"""Awards by auction, checked by whoever has the money, the work or the last word in them."""

import json

from sdk.content import Content
from sdk.errors import AuctionRefused
from sdk.tasks import Tasks
from sdk.terms import ZERO_ADDRESS, Terms
from sdk.transcripts import Outcome, check_transcript
from sdk.typed_data import task_id


class Awards(Tasks, Content):
    async def check_award(self, terms: Terms) -> Outcome | None:
        """Checks an award on chain against its transcript, and the transcript against the published rule; None where
        the buyer awarded himself or nobody has yet.

        Raises AuctionRefused for an award that the transcript does not yield, DigestMismatch for another transcript.
        """
        if terms.is_direct_hire or terms.awarder in (ZERO_ADDRESS, terms.buyer):
            return None
        network = await self.network()
        awards = [
            event async for event in self.escrow_events(task_id(terms, network)) if event["name"] == "TaskAwarded"
        ]
        if not awards:
            return None
        args = awards[-1]["args"]
        raw = await self.download(str(args["transcript"]))
        outcome = check_transcript(raw, terms, network, await self._qualities(raw))
        if outcome.winner != args["bidDigest"]:
            raise AuctionRefused("award", f"the transcript yields {outcome.winner}, the chain says {args['bidDigest']}")
        if str(outcome.price) != str(args["price"]):
            raise AuctionRefused("award", f"the transcript yields {outcome.price}, the chain says {args['price']}")
        return outcome

    async def _qualities(self, raw: bytes) -> bytes | None:
        """The document that the record's opening names, if any."""
        try:
            named = json.loads(raw)["opening"]["qualities"]
        except (ValueError, KeyError, TypeError) as error:
            raise AuctionRefused("form", "the record has no opening") from error
        if named is None:
            return None
        return (await self.request("GET", f"/v1/qualities/{named}", repeatable=True)).content
