"""From an intent to a final transaction, and the ways in which it does not get there."""

import asyncio

import pytest
from eth_account import Account

from app.chain.contracts import call_data
from app.chain.rpc import AsyncChain
from app.database import Hash32, TaskId
from app.errors import ChainUnavailable
from app.relayer.carry import carry
from app.relayer.sender import Sender, alone
from tests.integration.relayer.bench import Bench

CARRIED = ("mined", "final")
TASK = TaskId(Hash32("0x" + "ab" * 32))


async def test_carries_an_intent_to_finality(bench: Bench) -> None:
    intent_id = await bench.enqueue("one")
    mined = await bench.sweep_to(intent_id, "mined")
    await bench.mine(10)
    final = await bench.sweep_to(intent_id, "final")
    assert final.tx_hash == mined.tx_hash
    assert await bench.announced(intent_id) == ["intent.sent", "intent.mined", "intent.final"]


async def test_carries_many_in_one_sweep_in_order(bench: Bench) -> None:
    intents = [await bench.enqueue(f"many {number}") for number in range(60)]
    await bench.sweep_all_to(intents, *CARRIED)
    stored = await bench.transactions()
    assert [row.nonce for row in stored] == list(range(60))
    assert {row.intent_id for row in stored} == set(intents)


async def test_gives_back_the_intent_of_a_known_key(bench: Bench) -> None:
    first = await bench.enqueue("same")
    assert await bench.enqueue("same") == first
    await bench.sweep_to(first, *CARRIED)
    assert await bench.enqueue("same") == first
    assert len(await bench.transactions()) == 1


async def test_fails_what_the_contract_refuses_with_its_error(bench: Bench) -> None:
    refused = await bench.enqueue(
        "refused", call_data("TaskEscrow", "withdraw", bench.sender.address), bench.contracts.escrow
    )
    intent = await bench.sweep_to(refused, "failed")
    assert intent.reason == "simulation_reverted"
    assert intent.error == {
        "name": "NothingOwed",
        "args": {"owner": bench.sender.address},
        "text": f"NothingOwed(owner={bench.sender.address})",
    }
    assert await bench.transactions() == []
    assert await bench.announced(refused) == ["intent.failed"]


async def test_fails_what_reverts_when_it_is_mined(bench: Bench) -> None:
    """Two that exclude each other both pass their simulation; the second loses on chain."""
    data = bench.registration()
    both = [await bench.enqueue(f"excluded {number}", data, bench.contracts.identity) for number in range(2)]
    first, second = await bench.sweep_all_to(both, *CARRIED, "failed")
    assert (second.state, second.reason) == ("failed", "reverted")
    assert first.state in CARRIED
    assert second.error is not None
    assert second.error["name"] == "BadSignature"
    assert [row.succeeded for row in await bench.transactions()] == [True, False]


async def test_two_sweeps_at_once_send_once(bench: Bench) -> None:
    intents = [await bench.enqueue(f"twice {number}") for number in range(10)]
    await asyncio.gather(*(bench.carry() for _ in range(4)))
    await bench.sweep_all_to(intents, *CARRIED)
    assert len(await bench.transactions()) == 10


async def test_only_one_sweep_of_an_account_holds_the_lock(bench: Bench) -> None:
    name = (bench.sender.chain_id, bench.sender.address)
    async with alone(bench.engine, *name) as first, alone(bench.engine, *name) as second:
        assert (first, second) == (True, False)
    async with alone(bench.engine, *name) as again:
        assert again


async def test_waits_while_no_node_answers(bench: Bench) -> None:
    intent_id = await bench.enqueue("dark")
    async with AsyncChain(["http://127.0.0.1:1"], timeout_seconds=1) as nobody:
        dark = Sender(bench.sender.sessions, nobody, bench.sender.chain_id, bench.sender.signer)
        with pytest.raises(ChainUnavailable):
            await carry([dark])
    assert (await bench.intent(intent_id)).state == "queued"
    await bench.sweep_to(intent_id, *CARRIED)


async def test_waits_for_gas_money(bench: Bench) -> None:
    await bench.ask("anvil_setBalance", bench.sender.address, "0x1")
    intent_id = await bench.enqueue("poor")
    await bench.carry()
    await bench.carry()
    assert (await bench.intent(intent_id)).state == "simulated"
    await bench.ask("anvil_setBalance", bench.sender.address, hex(10**20))
    await bench.sweep_to(intent_id, *CARRIED)
    assert len(await bench.transactions()) == 1


async def test_waits_for_what_it_builds_upon(bench: Bench) -> None:
    """The second is refused until the first is in a block, and neither fails for that."""
    owner = Account.create()
    first = await bench.enqueue("built upon", bench.registration(owner, 0), bench.contracts.identity, TASK)
    await bench.ask("evm_setIntervalMining", 0)
    await bench.ask("evm_setAutomine", False)
    try:
        await bench.carry()
        second = await bench.enqueue("builds upon", bench.registration(owner, 1), bench.contracts.identity, TASK)
        await bench.carry()
        assert (await bench.intent(second)).state == "queued"
    finally:
        await bench.ask("evm_setAutomine", True)
        await bench.ask("evm_setIntervalMining", 1)
    await bench.mine(1)
    await bench.sweep_all_to([first, second], *CARRIED)
