"""GET /v1/announcements: resumable, in order, and silent about what is not the reader's to know."""

from typing import Any

import httpx

from tests.integration.api import execute
from tests.integration.market import Market, Person


async def feed(reader: Person | None, client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    headers = {} if reader is None else reader.headers
    answer = await client.get("/v1/announcements", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def topics_of(reader: Person | None, market: Market, task_id: str) -> set[str]:
    shown = await feed(reader, market.buyer.wallet.client, subject=f"task:{task_id}", limit=500)
    return {item["topic"] for item in shown["items"]}


async def posted(market: Market, visibility: str) -> str:
    """A task of which the market says that it expired."""
    task_id = await market.post(await market.terms(), seconds=300, visibility=visibility)
    tell(market, task_id, "task.expired")
    return task_id


def tell(market: Market, task_id: str, topic: str) -> None:
    said = {"topic": topic, "subject": f"task:{task_id}"}
    execute(market.database_url, "SELECT market.announce(%(topic)s, %(subject)s, '{}')", said)


async def test_a_private_task_is_told_to_its_parties_only(market: Market) -> None:
    task_id = await posted(market, "private")
    assert await topics_of(market.buyer, market, task_id) == {"task.expired"}
    assert await topics_of(market.arbiter, market, task_id) == {"task.expired"}
    assert await topics_of(market.stranger, market, task_id) == set()
    assert await topics_of(None, market, task_id) == set()


async def test_a_public_task_is_told_to_everybody(market: Market) -> None:
    assert await topics_of(None, market, await posted(market, "public")) == {"task.expired"}


async def test_the_chain_is_told_to_everybody(market: Market) -> None:
    task_id = await posted(market, "private")
    tell(market, task_id, "chain.TaskFunded")
    assert await topics_of(None, market, task_id) == {"chain.TaskFunded"}


async def test_intents_are_never_told(market: Market) -> None:
    task_id = await posted(market, "public")
    tell(market, task_id, "intent.sent")
    assert await topics_of(market.buyer, market, task_id) == {"task.expired"}


async def test_a_reader_resumes_where_he_stopped(market: Market) -> None:
    await posted(market, "public")
    await posted(market, "public")
    client = market.buyer.wallet.client
    everything = await feed(None, client, limit=500)
    seen, position = [], 0
    for _ in everything["items"]:
        part = await feed(None, client, after=position, limit=1)
        seen += part["items"]
        position = part["last_position"]
    assert seen == everything["items"]
    assert (await feed(None, client, after=position))["items"] == []
