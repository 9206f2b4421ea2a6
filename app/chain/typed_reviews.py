"""What parties sign about each other that no contract reads: an agent's review of its buyer, an answer to a review.

A buyer's review of an agent is the registry's own message (`typed_data.task_feedback`).
"""

from app.chain.deployment import Deployment
from app.chain.typed_data import TypedData, domain_of, typed_data
from app.database import Address, Digest, TaskId

BUYER_REVIEW = "BuyerReview(bytes32 taskId,uint256 agentId,address buyer,uint8 stars,bytes32 commentHash)"
REVIEW_REPLY = "ReviewReply(bytes32 taskId,address reviewer,bytes32 replyHash)"


def buyer_review(
    deployment: Deployment, task: TaskId, agent_id: int, buyer: Address, stars: int, comment: Digest
) -> TypedData:
    """The agent's word on the buyer of a task; `comment` is the SHA-256 of its words."""
    return review_message(deployment, BUYER_REVIEW, task, agent_id, buyer, stars, comment)


def review_reply(deployment: Deployment, task: TaskId, reviewer: Address, reply: Digest) -> TypedData:
    """The answer to what `reviewer` said of a task; `reply` is the SHA-256 of its words."""
    return review_message(deployment, REVIEW_REPLY, task, reviewer, reply)


def review_message(deployment: Deployment, type_string: str, *values: object) -> TypedData:
    return typed_data(domain_of(deployment, "Guildhall Reviews", "1", deployment.reputation), type_string, values)
