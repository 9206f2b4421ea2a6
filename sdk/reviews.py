"""What buyer and agent say of each other once a task is over: signed by each, sealed until both have, answered once.

The service learns stars and words when a review is posted, and is trusted to tell nobody till then; it can change
neither.
"""

from typing import Any

from sdk.digests import digest_of
from sdk.intents import feedback, refuse_standing_order
from sdk.schemas import BuyerRecord, Reply, Review, ReviewPage, ReviewTaken, TaskReviews
from sdk.session import Session
from sdk.terms import Terms
from sdk.typed_data import TypedData, review_message, task_id

MAX_HELD_SECONDS = 30 * 24 * 3600
"""A rating is carried up to 14 days later, and must still hold then."""


class Reviews(Session):
    async def rate(self, terms: Terms, agent_id: int, stars: int, comment: str, capability: str) -> ReviewTaken:
        """By the buyer, of the agent: ERC-8004 feedback, which goes on chain once it is published; the comment stays
        with the service. Again while it is sealed takes the first one's place."""
        said = {"stars": stars, "comment": comment}
        prepared = await self._prepared(terms, "reviews", said)
        ours = feedback(agent_id, stars, capability, comment)(terms, prepared["typed_data"], await self.network())
        refuse_standing_order(ours, (await self.clock()).chain_time, MAX_HELD_SECONDS)
        return await self._reviewed(terms, said | {"deadline": prepared["deadline"]}, ours, prepared)

    async def review_buyer(self, terms: Terms, agent_id: int, stars: int, comment: str) -> ReviewTaken:
        """By the agent, of the buyer. Again while it is sealed takes the first one's place."""
        said = {"stars": stars, "comment": comment}
        prepared = await self._prepared(terms, "reviews", said)
        message = {
            "taskId": task_id(terms, await self.network()),
            "agentId": agent_id,
            "buyer": terms.buyer,
            "stars": stars,
            "commentHash": digest_of(comment.encode()),
        }
        return await self._reviewed(terms, said, review_message("BuyerReview", message, await self.network()), prepared)

    async def reply(self, terms: Terms, review: Review, words: str) -> Reply:
        """Answers a published review of oneself, once."""
        verb, said = f"reviews/{review.side}/replies", {"reply": words}
        prepared = await self._prepared(terms, verb, said)
        network = await self.network()
        message = {
            "taskId": task_id(terms, network),
            "reviewer": review.author,
            "replyHash": digest_of(words.encode()),
        }
        signature = self._agreed(review_message("ReviewReply", message, network), prepared)
        body = {**said, "signature": signature}
        return Reply.model_validate(await self._post(await self._path(terms, verb), body))

    async def reviews_of_task(self, terms: Terms) -> TaskReviews:
        """What was published of a task."""
        return TaskReviews.model_validate(await self._get(await self._path(terms, "reviews")))

    async def reviews_of_agent(self, agent_id: int, cursor: str | None = None) -> ReviewPage:
        """What buyers say of an agent; `cursor` is the page before's."""
        return ReviewPage.model_validate(await self._get(f"/v1/agents/{agent_id}/reviews", cursor=cursor))

    async def reviews_of_buyer(self, address: str, cursor: str | None = None) -> ReviewPage:
        """What agents say of a buyer."""
        return ReviewPage.model_validate(await self._get(f"/v1/buyers/{address}/reviews", cursor=cursor))

    async def buyer(self, address: str) -> BuyerRecord:
        """How a buyer's tasks ended, before one works for him."""
        return BuyerRecord.model_validate(await self._get(f"/v1/buyers/{address}/reputation"))

    async def _reviewed(
        self, terms: Terms, said: dict[str, Any], ours: TypedData, prepared: dict[str, Any]
    ) -> ReviewTaken:
        body = {**said, "signature": self._agreed(ours, prepared)}
        return ReviewTaken.model_validate(await self._post(await self._path(terms, "reviews"), body))

    async def _prepared(self, terms: Terms, verb: str, said: dict[str, Any]) -> dict[str, Any]:
        """Without an Idempotency-Key, under which the service would keep the answer: it changes nothing, and may be
        asked again."""
        path = f"{await self._path(terms, verb)}/prepare"
        return dict((await self.request("POST", path, repeatable=True, json=said)).json())

    async def _path(self, terms: Terms, verb: str) -> str:
        return f"/v1/tasks/{task_id(terms, await self.network())}/{verb}"
