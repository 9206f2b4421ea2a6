"""What a reorg drops is sent again byte for byte; what it made impossible fails visibly."""

from eth_account import Account

from app.database import Address
from app.relayer.rules import fees_for
from app.relayer.sender import Sender, call_of, sign_one
from tests.integration.relayer.bench import Bench, signer_of

CARRIED = ("mined", "final")


async def reorg(bench: Bench, depth: int) -> None:
    """Replaces the last `depth` blocks by empty ones."""
    await bench.ask("anvil_reorg", depth, [])


async def test_sends_dropped_transactions_again_byte_for_byte(bench: Bench) -> None:
    intents = [await bench.enqueue(f"dropped {number}") for number in range(3)]
    await bench.sweep_all_to(intents, "mined")
    before = await bench.transactions()
    await reorg(bench, 7)
    assert await bench.chain.nonce(bench.sender.address) == 0, "the reorg was meant to drop them"
    await bench.sweep()
    assert [(await bench.intent(each)).state for each in intents] == ["sent"] * 3
    await bench.sweep_all_to(intents, *CARRIED)
    after = await bench.transactions()
    assert [row.raw for row in after] == [row.raw for row in before]
    assert await bench.announced(intents[0]) == ["intent.sent", "intent.mined", "intent.sent", "intent.mined"]


async def test_follows_a_transaction_into_another_block(bench: Bench) -> None:
    intent_id = await bench.enqueue("moved")
    await bench.sweep_to(intent_id, "mined")
    (stored,) = await bench.transactions()
    await reorg(bench, 5)
    await bench.chain.send_raw(stored.raw)
    await bench.mine(1)
    await bench.sweep()
    (moved,) = await bench.transactions()
    assert (await bench.intent(intent_id)).state == "mined"
    assert moved.block_hash != stored.block_hash


async def test_fails_what_reverts_after_a_reorg_as_lost(bench: Bench) -> None:
    data = bench.registration()
    intent_id = await bench.enqueue("impossible", data, bench.contracts.identity)
    await bench.sweep_to(intent_id, "mined")
    await reorg(bench, 5)
    await send_as_stranger(bench, data)
    lost = await bench.sweep_to(intent_id, "failed")
    assert lost.reason == "lost_in_reorg"
    assert lost.error is not None
    assert lost.error["name"] == "BadSignature"
    assert (await bench.announced(intent_id))[-1] == "intent.failed"


async def test_fails_what_lost_its_nonce_for_good(bench: Bench) -> None:
    intent_id = await bench.enqueue("overtaken")
    await bench.sweep_to(intent_id, "mined")
    await reorg(bench, 5)
    await use_nonce(bench, 0)
    await bench.mine(10)
    lost = await bench.sweep_to(intent_id, "failed")
    assert (lost.reason, lost.error) == ("lost_in_reorg", None)


async def test_gives_another_nonce_to_what_was_never_mined(bench: Bench) -> None:
    """Something else used the key between reserving the nonce and sending."""
    await bench.ask("anvil_setBalance", bench.sender.address, "0x1")
    intent_id = await bench.enqueue("pushed aside")
    await bench.sweep()
    await bench.ask("anvil_setBalance", bench.sender.address, hex(10**20))
    await use_nonce(bench, 0)
    await bench.mine(10)
    await bench.sweep_to(intent_id, *CARRIED)
    first, second = await bench.transactions()
    assert (first.nonce, first.state, second.nonce) == (0, "replaced", 1)


async def test_fills_a_gap_below_its_own_nonces(bench: Bench) -> None:
    """Nonce 0 went to something else, a reorg undid it, and nobody will send it again."""
    await use_nonce(bench, 0)
    await bench.mine(1)
    intent_id = await bench.enqueue("above the gap")
    await bench.sweep_to(intent_id, "mined")
    await reorg(bench, 6)
    assert await bench.chain.nonce(bench.sender.address) == 0, "the reorg was meant to drop both"
    await bench.sweep_to(intent_id, "sent")
    await bench.sweep_to(intent_id, *CARRIED)
    assert [(row.nonce, row.intent_id) for row in await bench.transactions()] == [(0, None), (1, intent_id)]


async def test_a_failed_intents_nonce_is_filled_not_repeated(bench: Bench) -> None:
    """It was said to have failed; sent again after the reorg it could succeed."""
    data = bench.registration()
    both = [await bench.enqueue(f"refilled {number}", data, bench.contracts.identity) for number in range(2)]
    _, second = await bench.sweep_all_to(both, "mined", "failed")
    assert second.state == "failed"
    await reorg(bench, 6)
    await bench.sweep_to(both[0], "sent")
    await bench.sweep_to(both[0], *CARRIED)
    await bench.sweep_until(lambda: nothing_waits(bench))
    assert (await bench.intent(both[1])).state == "failed"
    assert [(row.nonce, row.attempt, row.intent_id) for row in await bench.transactions()] == [
        (0, 0, both[0]),
        (1, 0, both[1]),
        (1, 1, None),
    ]


async def nothing_waits(bench: Bench) -> bool:
    return await bench.chain.nonce(bench.sender.address) == 2


async def use_nonce(bench: Bench, nonce: int) -> None:
    """The relayer's key is used elsewhere."""
    fees = fees_for(bench.sender.chain_id, 3 * 10**9, 30 * 10**9)
    signed = await sign_one(
        bench.sender, call_of(bench.sender, nonce, fees, 21_000, Address(Account.create().address), b"")
    )
    await bench.chain.send_raw(signed.raw)


async def send_as_stranger(bench: Bench, data: bytes) -> None:
    """Somebody else carries the same signed call."""
    account = Account.create()
    await bench.ask("anvil_setBalance", account.address, hex(10**20))
    stranger = Sender(bench.sender.sessions, bench.chain, bench.sender.chain_id, signer_of(account))
    fees = fees_for(bench.sender.chain_id, 3 * 10**9, 30 * 10**9)
    call = call_of(stranger, 0, fees, 500_000, bench.contracts.identity, data)
    await bench.chain.send_raw((await sign_one(stranger, call)).raw)
