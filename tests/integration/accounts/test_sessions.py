"""Staying signed in: short access tokens, refresh tokens that work once, and ends that hold everywhere."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from app.config import Settings
from tests.integration.api import Wallet, execute, running_api
from tests.integration.market import problem

OUTLIVE = "UPDATE market.sessions SET created_at = now() - interval '9 h', expires_at = now() - interval '1 s'"


def bearer(opened: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {opened['token']}"}


async def refresh(api: httpx.AsyncClient, opened: dict[str, Any]) -> httpx.Response:
    return await api.post("/v1/auth/refresh", json={"refresh_token": opened["refresh_token"]})


async def is_in(api: httpx.AsyncClient, opened: dict[str, Any]) -> bool:
    return (await api.get("/v1/auth/session", headers=bearer(opened))).status_code == 200


async def test_an_access_token_lasts_a_quarter_of_an_hour(wallet: Callable[[int], Wallet]) -> None:
    opened = await wallet(0).open_session()
    access, session = (datetime.fromisoformat(opened[name]) for name in ("expires_at", "session_expires_at"))
    assert session - access == timedelta(hours=8) - timedelta(minutes=15)


async def test_a_refresh_token_gives_the_next_pair(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    first = await wallet(0).open_session()
    second = (await refresh(api, first)).json()
    third = (await refresh(api, second)).json()
    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    assert len({each["session_expires_at"] for each in (first, second, third)}) == 1
    assert all([await is_in(api, each) for each in (first, second, third)])


async def test_a_refresh_token_that_comes_twice_ends_the_session(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    other, first = await wallet(0).open_session(), await wallet(0).open_session()
    second = (await refresh(api, first)).json()
    assert problem(await refresh(api, first)) == (401, "refresh-token-reused")
    assert problem(await refresh(api, second)) == (401, "refresh-token-refused")
    assert [await is_in(api, each) for each in (first, second, other)] == [False, False, True]


async def test_two_refreshes_at_once_do_not_both_succeed(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    opened = await wallet(0).open_session()
    answers = await asyncio.gather(*(refresh(api, opened) for _ in range(8)))
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.status_code for answer in answers} == {200, 401}


async def test_refuses_unknown_and_outlived_refresh_tokens(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    opened = await wallet(0).open_session()
    assert problem(await refresh(api, {"refresh_token": "x" * 43})) == (401, "refresh-token-refused")
    execute(
        database_url,
        "UPDATE market.sessions SET created_at = now() - interval '9 h', expires_at = now() - interval '1 s'",
    )
    assert problem(await refresh(api, opened)) == (401, "refresh-token-refused")


async def test_an_access_token_never_outlives_its_session(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], database_url: str
) -> None:
    opened = await wallet(0).open_session()
    execute(database_url, "UPDATE market.sessions SET expires_at = now() + interval '1 minute'")
    renewed = (await refresh(api, opened)).json()
    assert renewed["expires_at"] == renewed["session_expires_at"]


async def test_lists_where_the_account_is_signed_in(api: httpx.AsyncClient, wallet: Callable[[int], Wallet]) -> None:
    await api.delete("/v1/auth/sessions", headers=await wallet(0).sign_in())
    older, newer = [await wallet(0).open_session() for _ in range(2)]
    listed = (await api.get("/v1/auth/sessions", headers=bearer(older))).json()
    assert [each["current"] for each in listed] == [False, True]
    assert newer["session_expires_at"] == listed[0]["expires_at"]


async def test_signs_out_everywhere_and_leaves_others_in(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet]
) -> None:
    mine = [await wallet(0).open_session() for _ in range(3)]
    theirs = await wallet(1).open_session()
    assert (await api.delete("/v1/auth/sessions", headers=bearer(mine[0]))).status_code == 204
    assert not any([await is_in(api, each) for each in mine])
    assert problem(await refresh(api, mine[1])) == (401, "refresh-token-refused")
    assert await is_in(api, theirs)


async def test_a_rotated_key_logs_nobody_out(
    api: httpx.AsyncClient, settings: Settings, wallet: Callable[[int], Wallet]
) -> None:
    before = await wallet(0).open_session()
    file = settings.token_keys_file
    assert file is not None
    old = file.read_text()
    try:
        file.write_text(f"second {'ab' * 32}\n{old}")
        after = await wallet(0).open_session()
        assert [await is_in(api, each) for each in (before, after)] == [True, True]
        file.write_text(f"second {'ab' * 32}\n")
        assert [await is_in(api, each) for each in (before, after)] == [False, True]
    finally:
        file.write_text(old)


async def test_another_service_with_the_same_keys_takes_no_token_of_ours(
    settings: Settings, wallet: Callable[[int], Wallet]
) -> None:
    opened = await wallet(0).open_session()
    async with running_api(settings.model_copy(update={"public_url": "http://127.0.0.1:8001"})) as other:
        assert not await is_in(other, opened)
