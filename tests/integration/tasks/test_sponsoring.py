"""Whose gas a task pays for: a pot by its fee, the buyer where there was none, credit for who put money in."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.boundary import WorkerRuntime, transaction
from app.database import Address, make_engine, make_sessions
from app.escrow.rules import State
from app.relayer.gas import books
from app.relayer.gas.models import GasCharge
from app.relayer.gas.rules import GasTerms, Payer
from app.relayer.models import Intent
from app.tasks.jobs import gas_once
from tests.integration.api import execute
from tests.integration.market import BUDGET, FINALIZED, Market

DEPOSIT = 10**17


@pytest.fixture
async def runtime(market: Market) -> AsyncIterator[WorkerRuntime]:
    engine = make_engine(market.settings.sqlalchemy_url, pool_size=2)
    settings = market.settings.model_copy(update={"gas_deposit_wei": DEPOSIT})
    yield WorkerRuntime(settings, engine, make_sessions(engine))
    await engine.dispose()


@pytest.fixture(autouse=True)
def _quiet(database_url: str) -> None:
    """What other tests said is not for this reader."""
    execute(database_url, "DELETE FROM market.announcements")
    execute(database_url, "DELETE FROM market.reaction_cursors")


def say(market: Market, topic: str, task_id: str, block: int) -> None:
    execute(
        market.database_url,
        "SELECT market.announce(%(topic)s, %(subject)s, CAST(%(payload)s AS jsonb))",
        {"topic": topic, "subject": f"task:{task_id}", "payload": json.dumps({"block": block, "args": {}})},
    )


async def standing(runtime: WorkerRuntime, account: str) -> books.Standing:
    async with transaction(runtime.sessions) as session:
        return (await books.standings(session, [account])).get(account, books.Standing(0, 0, 0))


async def charged(runtime: WorkerRuntime, intent_id: str, wei: int) -> None:
    """Books an intent's gas on its task's pot, as admission does."""
    async with transaction(runtime.sessions) as session:
        intent = await session.get_one(Intent, intent_id)
        await books.charge(session, [(intent, Payer.TASK, wei)])


async def funded(market: Market, **about: Any) -> tuple[str, str]:
    """A task whose funding is on its way, and the intent."""
    terms = await market.direct()
    task_id = await market.posted(terms, **about)
    execute(market.database_url, "DELETE FROM chain.escrows")
    intent = (await market.buyer.carry(f"/tasks/{task_id}/fund", {"method": "authorization"}))["intent"]["id"]
    market.mirror(terms, **about)
    return task_id, intent


async def test_a_verb_opens_its_tasks_pot(market: Market, runtime: WorkerRuntime) -> None:
    task_id, _intent = await funded(market)
    async with transaction(runtime.sessions) as session:
        left = await books.pots(session, GasTerms(token_price=250_000), [task_id])
    fee_bps = (await market.buyer.get("/network")).json()["fee_bps"]
    assert left == {task_id: GasTerms(token_price=250_000).worth(BUDGET * fee_bps // 10_000)}


async def test_a_first_final_funding_gives_credit_once(market: Market, runtime: WorkerRuntime) -> None:
    buyer = market.buyer.address
    before = (await standing(runtime, buyer)).given
    assert before in (0, DEPOSIT)
    first, second = (await funded(market))[0], (await funded(market))[0]
    say(market, "chain.TaskFunded", second, FINALIZED)
    await gas_once(runtime)
    assert (await standing(runtime, buyer)).given == DEPOSIT
    say(market, "chain.TaskFunded", first, FINALIZED)
    await gas_once(runtime)
    assert (await standing(runtime, buyer)).given == DEPOSIT


@pytest.mark.parametrize(("fees", "account_pays"), [(0, True), (5_000, False)])
async def test_a_refunded_task_without_a_fee_is_the_buyers(
    market: Market, runtime: WorkerRuntime, fees: int, *, account_pays: bool
) -> None:
    task_id, intent = await funded(market, state=State.REFUNDED, fees=fees)
    await charged(runtime, intent, 1_000)
    before = (await standing(runtime, market.buyer.address)).charged
    say(market, "chain.TaskRefunded", task_id, FINALIZED)
    await gas_once(runtime)
    after = (await standing(runtime, market.buyer.address)).charged
    assert after - before == (1_000 if account_pays else 0)
    async with transaction(runtime.sessions) as session:
        stored = await session.get_one(GasCharge, intent)
        assert (stored.payer, stored.account) == ("account" if account_pays else "task", Address(market.buyer.address))


async def test_what_is_not_final_waits(market: Market, runtime: WorkerRuntime) -> None:
    task_id, intent = await funded(market, state=State.REFUNDED)
    await charged(runtime, intent, 1_000)
    say(market, "chain.TaskRefunded", task_id, FINALIZED + 1)
    before = (await standing(runtime, market.buyer.address)).charged
    await gas_once(runtime)
    assert (await standing(runtime, market.buyer.address)).charged == before
    market.clock(finalized=FINALIZED + 1)
    await gas_once(runtime)
    assert (await standing(runtime, market.buyer.address)).charged == before + 1_000
