"""Naming a referrer, and what accrues to him: of final ends only, once a task, and nothing of his own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.boundary import WorkerRuntime
from app.chain.typed_data import ZERO_ADDRESS
from app.config import Settings
from app.escrow.rules import State
from app.referrals import jobs
from tests.integration.api import execute, mirror_clock, running_api, working
from tests.integration.market import BLOCK, CHAIN_TIME, Market, Person, open_market, problem

ENDED = BLOCK + 1
FEES = 5_000
TABLES = ("referral_payouts", "referral_accruals", "referrals", "referral_codes", "tasks")
OFFER = {"referral_share_bps": 2_000, "referral_cap": 1_500, "referral_days": 2, "referral_name_days": 7}


@pytest.fixture
async def market(settings: Settings, database_url: str, tmp_path: Path) -> AsyncIterator[Market]:
    offering = settings.model_copy(update=OFFER)
    execute(database_url, "UPDATE market.wallets SET account = address")  # before anybody signs in
    async with running_api(offering) as client:
        market = await open_market(client, offering, database_url)
        for table in TABLES:
            execute(database_url, f"DELETE FROM market.{table}")
        execute(database_url, "DELETE FROM chain.escrows")
        execute(database_url, "DELETE FROM market.reaction_cursors")
        execute(database_url, "UPDATE market.accounts SET created_at = clock_timestamp()")
        yield market


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    async with working(market.settings) as runtime:
        yield runtime


async def code_of(person: Person) -> str:
    answer = await person.wallet.client.put("/v1/referrals/code", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["code"])


async def name(person: Person, code: str) -> httpx.Response:
    client = person.wallet.client
    return await client.put("/v1/referrals/referrer", json={"code": code}, headers=person.headers)


async def named(person: Person, referrer: Person) -> None:
    answer = await name(person, await code_of(referrer))
    assert answer.status_code == 200, answer.text


async def finished(market: Market, *, block: int = ENDED, fees: int = FEES, **changed: Any) -> str:
    """A task of the buyer's that the first agent was paid for."""
    money = {"paid": 500_000, "remaining": 0, "fees": fees, "last_block": block, "last_timestamp": CHAIN_TIME}
    return await market.posted(
        await market.terms(awarder=ZERO_ADDRESS), **market.awarded(State.RELEASED) | money | changed
    )


def clock(market: Market, *, final: int) -> None:
    mirror_clock(market.database_url, block=BLOCK + 10, timestamp=CHAIN_TIME, finalized=final)


def link(market: Market, person: Person, to: Person) -> None:
    """Makes a wallet another account's, as linking does."""
    values = {"account": bytes.fromhex(to.address[2:]), "wallet": bytes.fromhex(person.address[2:])}
    execute(market.database_url, "UPDATE market.wallets SET account = %(account)s WHERE address = %(wallet)s", values)


async def sums(person: Person) -> tuple[int, ...]:
    found = (await person.get("/referrals")).json()
    return tuple(int(found[name]) for name in ("accrued", "paid", "planned", "due"))


async def test_a_share_of_final_fees_accrues_once(market: Market, worker: WorkerRuntime) -> None:
    await named(market.buyer, market.rival)
    task = await finished(market)
    clock(market, final=BLOCK)
    await jobs.accrue_once(worker)
    assert await sums(market.rival) == (0, 0, 0, 0)
    clock(market, final=ENDED)
    await jobs.accrue_once(worker)
    execute(market.database_url, "UPDATE market.reaction_cursors SET position = 0 WHERE name = 'referrals.final'")
    await jobs.accrue_once(worker)
    assert await sums(market.rival) == (1_000, 0, 0, 1_000)
    accruals = (await market.rival.get("/referrals/accruals")).json()["items"]
    assert accruals == [
        {
            "task_id": task,
            "account": market.buyer.address,
            "fees": str(FEES),
            "amount": "1000",
            "ended_at": CHAIN_TIME,
        }
    ]
    assert (await market.buyer.get("/referrals/accruals")).json()["items"] == []


async def test_what_a_reorg_undoes_before_it_is_final_never_accrues(market: Market, worker: WorkerRuntime) -> None:
    await named(market.buyer, market.rival)
    await finished(market)
    clock(market, final=BLOCK)
    await jobs.accrue_once(worker)
    execute(market.database_url, "DELETE FROM chain.escrows")  # as the indexer does with what is orphaned
    clock(market, final=ENDED + 5)
    await jobs.accrue_once(worker)
    assert await sums(market.rival) == (0, 0, 0, 0)
    await finished(market, block=ENDED + 6)
    execute(market.database_url, "UPDATE chain.cursors SET halted = 'a reorg below what was final'")
    await jobs.accrue_once(worker)
    execute(market.database_url, "UPDATE chain.cursors SET halted = NULL")
    assert await sums(market.rival) == (0, 0, 0, 0)


async def test_up_to_the_cap_and_for_the_time_that_was_promised(market: Market, worker: WorkerRuntime) -> None:
    await named(market.buyer, market.rival)
    await finished(market, block=BLOCK)  # ended before the name was named
    await finished(market, last_timestamp=CHAIN_TIME + 2 * 86_400 + 1)
    await finished(market, fees=4)  # rounds down to nothing
    await finished(market, state=State.SUBMITTED)
    clock(market, final=ENDED)
    await jobs.accrue_once(worker)
    assert await sums(market.rival) == (0, 0, 0, 0)
    for number in range(3):
        await finished(market, block=ENDED + 1 + number)
    clock(market, final=ENDED + 9)
    await jobs.accrue_once(worker)
    amounts = [each["amount"] for each in (await market.rival.get("/referrals/accruals")).json()["items"]]
    assert sorted(amounts) == ["1000", "500"]
    first = (await market.rival.get("/referrals/accruals", limit=1)).json()
    second = (await market.rival.get("/referrals/accruals", limit=1, cursor=first["next_cursor"])).json()
    assert first["items"] != second["items"]
    assert (first["next_cursor"] is None, second["next_cursor"]) == (False, None)


async def test_both_sides_may_have_been_brought(market: Market, worker: WorkerRuntime) -> None:
    await named(market.buyer, market.rival)
    await named(market.agent, market.stranger)
    await finished(market)
    clock(market, final=ENDED)
    await jobs.accrue_once(worker)
    assert [(await sums(each))[0] for each in (market.rival, market.stranger)] == [1_000, 1_000]
    execute(market.database_url, "DELETE FROM market.referral_accruals")
    stranger = {"rival": bytes.fromhex(market.rival.address[2:])}
    execute(market.database_url, "UPDATE market.referrals SET referrer = %(rival)s", stranger)
    await finished(market, block=ENDED + 1)
    clock(market, final=ENDED + 1)
    await jobs.accrue_once(worker)
    assert await sums(market.rival) == (1_000, 0, 0, 1_000)  # he brought both, and the task counts once


async def test_nobody_earns_by_tasks_of_his_own(market: Market, worker: WorkerRuntime) -> None:
    await named(market.buyer, market.agent)  # who works on the task himself
    await finished(market)
    clock(market, final=ENDED)
    await jobs.accrue_once(worker)
    rival = {"rival": bytes.fromhex(market.rival.address[2:])}
    execute(market.database_url, "UPDATE market.referrals SET referrer = %(rival)s", rival)
    link(market, market.rival, market.agent)  # the referrer and the agent turn out to be one
    await finished(market, block=ENDED + 1)
    clock(market, final=ENDED + 1)
    await jobs.accrue_once(worker)
    link(market, market.rival, market.rival)
    link(market, market.agent, market.buyer)  # buyer and agent do
    await finished(market, block=ENDED + 2)
    clock(market, final=ENDED + 2)
    await jobs.accrue_once(worker)
    assert execute(market.database_url, "SELECT count(*) FROM market.referral_accruals") == [(0,)]
    link(market, market.agent, market.agent)
    await finished(market, block=ENDED + 3)
    clock(market, final=ENDED + 3)
    await jobs.accrue_once(worker)
    assert execute(market.database_url, "SELECT count(*) FROM market.referral_accruals") == [(1,)]


async def test_a_name_is_named_once_by_who_is_new_and_never_his_own(market: Market) -> None:
    code = await code_of(market.rival)
    assert await code_of(market.rival) == code
    assert problem(await name(market.rival, code)) == (403, "referrer-linked")
    assert problem(await name(market.buyer, "0" * 12)) == (422, "referral-code-unknown")
    assert (await name(market.buyer, "nothing")).status_code == 422
    first = await name(market.buyer, code)
    assert first.status_code == 200, first.text
    assert first.json()["until"] == CHAIN_TIME + 2 * 86_400
    assert (await name(market.buyer, code)).json() == first.json()
    assert problem(await name(market.buyer, await code_of(market.agent))) == (409, "already-referred")
    assert problem(await name(market.rival, await code_of(market.buyer))) == (409, "referral-in-circle")
    found = (await market.buyer.get("/referrals")).json()
    assert found["referrer"] == first.json()
    assert found["offered"] == {"share_bps": 2_000, "cap": "1500", "days": 2, "name_days": 7}
    assert (await market.rival.get("/referrals")).json()["accounts"] == 1


async def test_a_linked_wallets_code_is_ones_own(market: Market) -> None:
    code = await code_of(market.rival)
    link(market, market.rival, market.buyer)
    assert problem(await name(market.buyer, code)) == (403, "referrer-linked")


async def test_who_has_been_here_names_nobody(market: Market) -> None:
    code = await code_of(market.rival)
    await finished(market, block=BLOCK)
    assert problem(await name(market.buyer, code)) == (409, "account-not-new")
    assert problem(await name(market.agent, code)) == (409, "account-not-new")
    execute(market.database_url, "UPDATE market.accounts SET created_at = created_at - interval '8 days'")
    assert problem(await name(market.stranger, code)) == (409, "account-not-new")


async def test_a_deployment_that_shares_nothing_says_so(settings: Settings, database_url: str) -> None:
    async with running_api(settings) as client:
        market = await open_market(client, settings, database_url)
        execute(database_url, "DELETE FROM market.referral_codes")
        answer = await client.put("/v1/referrals/code", headers=market.buyer.headers)
        assert problem(answer) == (409, "referrals-not-offered")
        assert (await market.buyer.get("/referrals")).json()["offered"]["share_bps"] == 0
        assert (await client.get("/v1/referrals")).status_code == 401
