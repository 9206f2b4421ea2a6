"""A transaction that nobody mines is replaced at a higher fee, and whichever is mined counts."""

from datetime import timedelta

from sqlalchemy import func, update

from app.boundary import transaction
from app.errors import RpcRefused
from app.relayer.models import Transaction
from app.relayer.rules import GWEI, SENDS_BEFORE_BUMP, Fees, refusal
from app.relayer.sender import filler_of, sign_one
from app.relayer.watch import watch
from tests.integration.relayer.bench import Bench
from tests.integration.relayer.pool import Pool


async def grow_old(bench: Bench) -> None:
    """As if it had been sent again and again for a while."""
    aged = {"sends": SENDS_BEFORE_BUMP, "sent_at": func.clock_timestamp() - timedelta(minutes=1)}
    async with transaction(bench.sender.sessions) as session:
        mine = Transaction.sender == bench.sender.address
        await session.execute(update(Transaction).where(mine).values(aged))


async def test_replaces_a_stuck_transaction_at_a_higher_fee(bench: Bench) -> None:
    await bench.ask("evm_setIntervalMining", 0)
    await bench.ask("evm_setAutomine", False)
    try:
        intent_id = await bench.enqueue("stuck")
        await bench.carry()
        await grow_old(bench)
        await watch(bench.sender)
        first, second = await bench.transactions()
    finally:
        await bench.ask("evm_setAutomine", True)
        await bench.ask("evm_setIntervalMining", 1)
    assert (second.nonce, second.intent_id) == (first.nonce, intent_id)
    assert second.max_fee * 10 >= first.max_fee * 11
    assert second.tip * 10 >= first.tip * 11
    await bench.mine(1)
    await bench.sweep_to(intent_id, "mined")
    await bench.mine(10)
    final = await bench.sweep_to(intent_id, "final")
    assert final.tx_hash == second.hash
    assert [row.state for row in await bench.transactions()] == ["replaced", "final"]
    assert await bench.chain.nonce(bench.sender.address) == 1


async def test_replaces_at_once_what_the_pool_finds_underpriced(bench: Bench, pool: Pool) -> None:
    """A node that suggests too little: the pool's minimum is above it, and waiting would not help."""
    pool.low_tip = True
    intents = [await bench.enqueue(f"underpriced {number}") for number in range(3)]
    await bench.carry()
    assert pool.counts["underpriced"] == 3
    pool.low_tip = False
    await bench.sweep_all_to(intents, "mined", "final")
    assert [(row.nonce, row.attempt) for row in await bench.transactions()] == [
        (nonce, attempt) for nonce in range(3) for attempt in range(2)
    ]


async def test_the_pool_refuses_a_replacement_below_a_tenth(bench: Bench, pool: Pool) -> None:
    """What the relayer's own replacements are measured against."""
    await bench.ask("evm_setIntervalMining", 0)
    await bench.ask("evm_setAutomine", False)
    try:
        for percent, refused in ((100, None), (105, "underpriced"), (110, None)):
            fees = Fees(100 * GWEI * percent // 100, 30 * GWEI * percent // 100)
            signed = await sign_one(bench.sender, filler_of(bench.sender, 0, fees))
            meaning = None
            try:
                await bench.chain.send_raw(signed.raw)
            except RpcRefused as error:
                meaning = refusal(error.message)
            assert meaning == refused
    finally:
        await bench.ask("evm_setAutomine", True)
        await bench.ask("evm_setIntervalMining", 1)
    assert pool.counts["replacement underpriced"] == 1


async def test_sends_again_what_the_pool_forgot(bench: Bench) -> None:
    await bench.ask("evm_setIntervalMining", 0)
    await bench.ask("evm_setAutomine", False)
    try:
        intent_id = await bench.enqueue("forgotten")
        await bench.carry()
        (stored,) = await bench.transactions()
        await bench.ask("anvil_dropTransaction", stored.hash)
        async with transaction(bench.sender.sessions) as session:
            old = {"sent_at": func.clock_timestamp() - timedelta(minutes=1)}
            mine = Transaction.sender == bench.sender.address
            await session.execute(update(Transaction).where(mine).values(old))
        await watch(bench.sender)
        assert await bench.ask("eth_getTransactionByHash", stored.hash) is not None
    finally:
        await bench.ask("evm_setAutomine", True)
        await bench.ask("evm_setIntervalMining", 1)
    await bench.mine(1)
    await bench.sweep_to(intent_id, "mined")
    assert [row.raw for row in await bench.transactions()] == [stored.raw]
