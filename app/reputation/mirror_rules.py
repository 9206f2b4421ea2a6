"""What an entry of feedback is: a fold over the reputation registry's events (ERC-8004)."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.chain.events import ChainEvent


@dataclass(frozen=True, slots=True)
class FeedbackKey:
    """Entries are numbered per agent and client."""

    agent_id: int
    client: str
    feedback_index: int


@dataclass(frozen=True, slots=True)
class FoldedFeedback:
    """The columns of one mirrored entry."""

    agent_id: int
    client: str
    feedback_index: int
    task_id: str | None
    value: int
    value_decimals: int
    tag1: str
    tag2: str
    endpoint: str
    feedback_uri: str
    feedback_hash: str
    revoked: bool
    block_number: int
    last_block: int
    tx_hash: str


def fold_feedback(key: FeedbackKey, events: Iterable[ChainEvent]) -> FoldedFeedback | None:
    """The entry after all of its events; None where NewFeedback is not among them.

    TaskRated ties the task to it and may come before or after NewFeedback in the same transaction.
    """
    ordered = list(events)
    given = next((event for event in ordered if event.name == "NewFeedback"), None)
    if given is None:
        return None
    args = given.args
    return FoldedFeedback(
        agent_id=key.agent_id,
        client=key.client,
        feedback_index=key.feedback_index,
        task_id=next((event.args["taskId"] for event in ordered if event.name == "TaskRated"), None),
        value=int(args["value"]),
        value_decimals=args["valueDecimals"],
        tag1=args["tag1"],
        tag2=args["tag2"],
        endpoint=args["endpoint"],
        feedback_uri=args["feedbackURI"],
        feedback_hash=args["feedbackHash"],
        revoked=any(event.name == "FeedbackRevoked" for event in ordered),
        block_number=given.block_number,
        last_block=ordered[-1].block_number,
        tx_hash=given.tx_hash,
    )
