"""GET /v1/intents: one's own and nobody else's."""

from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.boundary import transaction
from app.database import Address, Hash32, TaskId, make_sessions
from app.relayer.actions import enqueue
from tests.integration.api import Wallet

TASK = TaskId(Hash32("0x" + "ab" * 32))
NOWHERE = Address("0x" + "0" * 40)


@pytest.fixture
async def owned(engine: AsyncEngine, wallet: Callable[[int], Wallet]) -> list[UUID]:
    """Three intents of wallet 0, one of them for a task."""
    made = []
    for number, task in enumerate((None, TASK, None)):
        async with transaction(make_sessions(engine)) as session:
            account, key = Address(wallet(0).address), f"{uuid4()}:{number}"
            intent = await enqueue(
                session, key=key, verb="release", task_id=task, account=account, to=NOWHERE, data=b""
            )
            made.append(intent.id)
    return made


async def test_shows_ones_own(api: httpx.AsyncClient, wallet: Callable[[int], Wallet], owned: list[UUID]) -> None:
    mine = await wallet(0).sign_in()
    answer = await api.get(f"/v1/intents/{owned[1]}", headers=mine)
    assert answer.status_code == 200, answer.text
    assert answer.json() | {"created_at": None, "updated_at": None} == {
        "id": str(owned[1]),
        "verb": "release",
        "task_id": TASK,
        "state": "queued",
        "reason": None,
        "error": None,
        "tx_hash": None,
        "created_at": None,
        "updated_at": None,
    }


async def test_anothers_answers_like_an_unknown_one(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], owned: list[UUID]
) -> None:
    other = await wallet(1).sign_in()
    answers = [await api.get(f"/v1/intents/{each}", headers=other) for each in (owned[0], uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    first, second = (answer.json() | {"request_id": None} for answer in answers)
    assert first == second
    assert (await api.get("/v1/intents", headers=other)).json()["items"] == []


async def test_lists_newest_first_in_pages(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], owned: list[UUID]
) -> None:
    mine = await wallet(0).sign_in()
    first = (await api.get("/v1/intents", headers=mine, params={"limit": 2})).json()
    second = (await api.get("/v1/intents", headers=mine, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    listed = [item["id"] for item in first["items"] + second["items"]]
    assert listed == [str(each) for each in reversed(owned)]
    of_task = (await api.get("/v1/intents", headers=mine, params={"task_id": TASK})).json()["items"]
    assert str(owned[1]) in [item["id"] for item in of_task]
    assert str(owned[0]) not in [item["id"] for item in of_task]


async def test_asks_to_sign_in(api: httpx.AsyncClient, owned: list[UUID]) -> None:
    assert (await api.get(f"/v1/intents/{owned[0]}")).status_code == 401
    assert (await api.get("/v1/intents")).status_code == 401
