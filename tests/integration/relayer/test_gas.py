"""Sponsored gas: a task pays up to what its fee is worth, an account what it was given, and nobody more."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from eth_account import Account
from sqlalchemy import func, select, update

from app.boundary import transaction
from app.chain.contracts import register_for
from app.database import Address, Hash32, TaskId
from app.errors import InviteRefused
from app.relayer.actions import enqueue
from app.relayer.gas import books
from app.relayer.gas.models import GasCharge
from app.relayer.gas.rules import GasTerms, Payer
from app.relayer.models import Intent
from devnet.keys import participant_key
from tests.integration.api import Wallet
from tests.integration.relayer.bench import Bench

NOTHING = GasTerms(day_wei=10**18, start_wei=0, contract_start_wei=0, token_price=250_000)
SOME = 10**16


def on(bench: Bench, terms: GasTerms) -> Bench:
    return replace(bench, sender=replace(bench.sender, gas=terms))


async def ask(bench: Bench, account: str, *, task: str | None = None, payer: Payer = Payer.ACCOUNT) -> UUID:
    """A call of the token that succeeds, in an account's name."""
    async with transaction(bench.sender.sessions) as session:
        intent = await enqueue(
            session,
            key=f"gas:{account}:{task}:{Account.create().address}",
            verb="transfer",
            task_id=None if task is None else TaskId(Hash32(task)),
            account=Address(account),
            to=bench.contracts.token,
            data=bench.transfer(0),
            payer=payer,
        )
        return intent.id


async def charge_of(bench: Bench, intent_id: UUID) -> GasCharge | None:
    async with bench.sender.sessions() as session:
        return await session.get(GasCharge, intent_id)


@pytest.fixture
def account() -> str:
    return str(Account.create().address)


@pytest.fixture
def task() -> str:
    return "0x" + bytes(Account.create().key).hex()


async def test_a_fresh_account_gets_nothing(bench: Bench, account: str) -> None:
    poor = on(bench, NOTHING)
    denied = await poor.sweep_to(await ask(bench, account), "failed")
    assert denied.reason == "gas_credit_spent"
    assert denied.error is not None
    assert "invite" in str(denied.error["text"])
    assert await bench.transactions() == []
    assert await charge_of(bench, denied.id) is None


async def test_an_invite_pays_for_what_it_is_worth_and_no_more(bench: Bench, account: str) -> None:
    poor = on(bench, NOTHING)
    async with transaction(bench.sender.sessions) as session:
        code = await books.make_invite(session, SOME, timedelta(days=1))
    async with transaction(bench.sender.sessions) as session:
        assert await books.redeem(session, code, Address(account)) == SOME
        assert await books.redeem(session, code, Address(account)) == SOME
        with pytest.raises(InviteRefused):
            await books.redeem(session, code, Address(Account.create().address))
        with pytest.raises(InviteRefused):
            await books.redeem(session, code + "x", Address(account))
    carried = await poor.sweep_to(await ask(bench, account), "mined", "final")
    charged = await charge_of(bench, carried.id)
    (sent,) = await bench.transactions()
    assert charged is not None
    assert (charged.payer, charged.settled, charged.wei) == ("account", True, sent.gas_wei)
    async with transaction(bench.sender.sessions) as session:
        standing = (await books.standings(session, [account]))[account]
    assert (standing.given, standing.charged, standing.in_flight) == (SOME, charged.wei, 0)
    async with transaction(bench.sender.sessions) as session:
        await session.execute(update(GasCharge).where(GasCharge.intent_id == carried.id).values(wei=SOME))
    assert (await poor.sweep_to(await ask(bench, account), "failed")).reason == "gas_credit_spent"


async def test_an_invite_ends(bench: Bench, account: str) -> None:
    async with transaction(bench.sender.sessions) as session:
        code = await books.make_invite(session, SOME, timedelta(seconds=-1))
        with pytest.raises(InviteRefused):
            await books.redeem(session, code, Address(account))


async def test_a_task_pays_up_to_what_its_fee_is_worth(bench: Bench, account: str, task: str) -> None:
    poor = on(bench, NOTHING)
    async with transaction(bench.sender.sessions) as session:
        await books.open_pot(session, TaskId(Hash32(task)), 2_000)  # 0.2 cents: 0.008 tokens
    first = await poor.sweep_to(await ask(bench, account, task=task), "mined", "final")
    charged = await charge_of(bench, first.id)
    assert charged is not None
    assert charged.payer == "task"
    async with transaction(bench.sender.sessions) as session:
        everything = NOTHING.worth(2_000)
        await session.execute(update(GasCharge).where(GasCharge.intent_id == first.id).values(wei=everything))
    assert (await poor.sweep_to(await ask(bench, account, task=task), "failed")).reason == "gas_credit_spent"


async def test_a_task_without_a_fee_is_paid_by_who_funded_it(bench: Bench, account: str, task: str) -> None:
    """And an account below zero gets nothing more, not even from another task's pot."""
    poor, other = on(bench, NOTHING), "0x" + bytes(Account.create().key).hex()
    async with transaction(bench.sender.sessions) as session:
        for each in (task, other):
            await books.open_pot(session, TaskId(Hash32(each)), 20_000)
    carried = await poor.sweep_to(await ask(bench, account, task=task), "mined", "final")
    async with transaction(bench.sender.sessions) as session:
        await books.charge_to_account(session, TaskId(Hash32(task)), Address(account))
    charged = await charge_of(bench, carried.id)
    assert charged is not None
    assert (charged.payer, charged.account) == ("account", account)
    assert (await poor.sweep_to(await ask(bench, account, task=other), "failed")).reason == "gas_credit_spent"


async def test_a_pot_does_not_pay_for_what_the_contract_refuses_in_the_block(
    bench: Bench, account: str, task: str
) -> None:
    data = bench.registration()
    poor = on(bench, NOTHING)
    async with transaction(bench.sender.sessions) as session:
        await books.open_pot(session, TaskId(Hash32(task)), 20_000)
        both = [
            await enqueue(
                session,
                key=f"reverted:{account}:{number}",
                verb="register",
                task_id=TaskId(Hash32(task)),
                account=Address(account),
                to=bench.contracts.identity,
                data=data,
            )
            for number in range(2)
        ]
        ids = [each.id for each in both]
    await poor.sweep_all_to(ids, "mined", "final", "failed")
    charges = [await charge_of(bench, each) for each in ids]
    assert [each.payer for each in charges if each is not None] == ["task", "account"]
    assert all(each is not None and each.settled for each in charges)


async def test_the_day_is_held_and_goes_on(bench: Bench, account: str) -> None:
    async with transaction(bench.sender.sessions) as session:
        spent = await books.spent_today(session)
    held = await ask(bench, account)
    await on(bench, GasTerms(day_wei=spent)).sweep()
    waiting = await bench.intent(held)
    assert (waiting.state, waiting.reason) == ("queued", None)
    assert await bench.transactions() == []
    async with transaction(bench.sender.sessions) as session:
        await session.execute(update(Intent).where(Intent.id == held).values(next_attempt_at=func.now()))
    await bench.sweep_to(held, "mined", "final")


async def test_the_platform_pays_for_its_own(bench: Bench, account: str) -> None:
    carried = await on(bench, NOTHING).sweep_to(await ask(bench, account, payer=Payer.PLATFORM), "mined", "final")
    charged = await charge_of(bench, carried.id)
    assert charged is not None
    assert charged.payer == "platform"


async def test_a_contract_has_little_on_its_way_at_once(bench: Bench) -> None:
    """It can say yes to the simulation and no to the block: whoever pays, one at a time."""
    contract = str(Account.create().address)
    await bench.ask("anvil_setCode", contract, "0x60006000f3")
    await bench.ask("evm_setIntervalMining", 0)
    await bench.ask("evm_setAutomine", False)
    terms = GasTerms(day_wei=10**19, start_wei=10**18, contract_start_wei=6 * 10**15)
    try:
        asked = [await ask(bench, contract) for _ in range(5)]
        await on(bench, terms).carry()
        sent = [each for each in asked if (await bench.intent(each)).state == "sent"]
        assert 0 < len(sent) < 5
        async with transaction(bench.sender.sessions) as session:
            reserved = select(func.sum(GasCharge.wei)).where(GasCharge.account == contract)
            assert (await session.execute(reserved)).scalar_one() <= terms.contract_start_wei
    finally:
        await bench.ask("evm_setAutomine", True)
        await bench.ask("evm_setIntervalMining", 1)


async def test_a_thousand_fresh_wallets_spend_the_days_gas_and_no_more(bench: Bench) -> None:
    """Each has a little credit of its own; together they cost what the day allows."""
    async with transaction(bench.sender.sessions) as session:
        before = await books.spent_today(session)
    day = 5 * 10**16
    terms = GasTerms(day_wei=before + day, start_wei=10**17)
    fresh = [str(Account.create().address) for _ in range(1_000)]
    async with transaction(bench.sender.sessions) as session:
        for number, owner in enumerate(fresh):
            await enqueue(
                session,
                key=f"fresh:{bench.sender.address}:{number}",
                verb="transfer",
                task_id=None,
                account=Address(owner),
                to=bench.contracts.token,
                data=bench.transfer(0),
            )
    began = await bench.chain.balance(bench.sender.address)
    crowd = on(bench, terms)
    for _ in range(12):
        await crowd.sweep()
    async with transaction(bench.sender.sessions) as session:
        assert await books.spent_today(session) - before <= day
    spent = began - await bench.chain.balance(bench.sender.address)
    assert 0 < spent <= day
    assert 0 < len(await bench.transactions()) < 1_000


async def test_the_gas_routes_tell_and_redeem(api: httpx.AsyncClient, bench: Bench) -> None:
    headers = await Wallet(participant_key(17), api).sign_in()
    assert (await api.get("/v1/gas")).status_code == 401
    before = (await api.get("/v1/gas", headers=headers)).json()
    assert before == {"credit": "0", "charged": "0", "in_flight": "0"}
    async with transaction(bench.sender.sessions) as session:
        code = await books.make_invite(session, SOME, timedelta(days=1))
    for _ in range(2):
        redeemed = await api.post("/v1/gas/invites", json={"code": code}, headers=headers)
        assert (redeemed.status_code, redeemed.json()["credit"]) == (200, str(SOME))
    refused = await api.post("/v1/gas/invites", json={"code": "guess"}, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:guildhall:problem:invite-refused")


async def test_a_wallet_that_turns_false_after_the_simulation_pays_until_its_credit_is_spent(bench: Bench) -> None:
    """It approves while it is asked, and refuses in the block: each time the gas is its account's."""
    wallet, card = str(Account.create().address), "https://agent.example/card.json"
    await bench.ask("anvil_setCode", wallet, "0x600054631626ba7e60e01b0260005260206000f3")
    data = register_for(Address(wallet), card, 2**40 - 1, b"anything")
    terms = GasTerms(day_wei=10**19, start_wei=0, contract_start_wei=15 * 10**15)
    fickle, began, reasons = on(bench, terms), await bench.chain.balance(bench.sender.address), []
    for number in range(12):
        await bench.ask("anvil_setStorageAt", wallet, "0x0", "0x" + "00" * 31 + "01")
        await bench.ask("evm_setIntervalMining", 0)
        await bench.ask("evm_setAutomine", False)
        try:
            async with transaction(bench.sender.sessions) as session:
                intent = await enqueue(
                    session,
                    key=f"fickle:{wallet}:{number}",
                    verb="register",
                    task_id=None,
                    account=Address(wallet),
                    to=bench.contracts.identity,
                    data=data,
                )
                intent_id = intent.id
            await fickle.carry()
            await bench.ask("anvil_setStorageAt", wallet, "0x0", "0x" + "00" * 32)
        finally:
            await bench.ask("evm_setAutomine", True)
            await bench.ask("evm_setIntervalMining", 1)
        await bench.mine(1)
        ended = await fickle.sweep_to(intent_id, "failed")
        reasons.append(ended.reason)
    spent = began - await bench.chain.balance(bench.sender.address)
    assert reasons[:2] == ["reverted", "reverted"]
    assert reasons[-1] == "gas_credit_spent"
    assert 0 < spent <= terms.contract_start_wei
