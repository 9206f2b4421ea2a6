"""Tasks that ended, and what their parties say of each other."""

import hashlib
from typing import Any

from app.escrow.rules import State
from tests.integration.api import execute
from tests.integration.market import BUDGET, FINALIZED, Market, Person, packed

PAID = {"remaining": 0, "paid": BUDGET // 2, "fees": 100}
WORDS = {"buyer": "prompt and precise, Quetzalcoatl", "agent": "clear and generous, Huitzilopochtli"}
STARS = {"buyer": 4, "agent": 2}


def sides(market: Market) -> dict[str, Person]:
    return {"buyer": market.buyer, "agent": market.agent}


async def says(market: Market, task_id: str, side: str, **changed: Any) -> dict[str, Any]:
    """A party's review through the API; its answer."""
    opinion = {"stars": STARS[side], "comment": WORDS[side]} | changed
    return await sides(market)[side].carry(f"/tasks/{task_id}/reviews", opinion)


def let_end(market: Market, task_id: str) -> None:
    """Fourteen days later."""
    moved = "UPDATE market.review_windows SET opened_at = opened_at - interval '14 days', closes_at = closes_at - "
    execute(market.database_url, moved + "interval '14 days' WHERE task_id = %(id)s", {"id": packed(task_id)})


async def shown(market: Market, task_id: str) -> dict[str, tuple[int, str | None]]:
    """What anybody reads of a task's reviews, by side."""
    answer = (await market.stranger.get(f"/tasks/{task_id}/reviews")).json()
    return {each["side"]: (each["stars"], each["comment"]) for each in answer["items"]}


def announced(market: Market, task_id: str, topic: str = "review.published") -> list[dict[str, Any]]:
    found = execute(
        market.database_url,
        "SELECT payload FROM market.announcements WHERE topic = %(topic)s AND subject = %(subject)s ORDER BY id",
        {"topic": topic, "subject": f"task:{task_id}"},
    )
    return [row[0] for row in found]


def intents_of(market: Market, task_id: str) -> list[tuple[Any, ...]]:
    return execute(
        market.database_url,
        "SELECT key, to_address, state FROM market.intents WHERE verb = 'review' AND task_id = %(id)s ORDER BY key",
        {"id": packed(task_id)},
    )


def sealed_count(market: Market, task_id: str) -> int:
    held = "SELECT count(*) FROM market.sealed_reviews WHERE task_id = %(id)s"
    return int(execute(market.database_url, held, {"id": packed(task_id)})[0][0])


async def released(market: Market, **changed: Any) -> str:
    return await market.posted(await market.terms(), **market.awarded(State.RELEASED, **PAID) | changed)


def feedback(market: Market, task_id: str, stars: int, comment: str, *, block: int = FINALIZED, index: int = 1) -> None:
    """Writes a review as the indexer would."""
    execute(
        market.database_url,
        """
        INSERT INTO chain.feedback (agent_id, client, feedback_index, task_id, value, value_decimals, tag1, tag2,
            endpoint, feedback_uri, feedback_hash, revoked, block_number, last_block, tx_hash)
        VALUES (1, %(client)s, %(index)s, %(task)s, %(stars)s, 0, 'guildhall', 'text.sort', '', '', %(hash)s, false,
            %(block)s, %(block)s, decode(repeat('33', 32), 'hex'))
        """,
        {
            "client": bytes.fromhex(market.buyer.address[2:]),
            "index": index,
            "task": bytes.fromhex(task_id[2:]),
            "stars": stars,
            "hash": hashlib.sha256(comment.encode()).digest(),
            "block": block,
        },
    )
