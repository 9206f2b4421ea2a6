"""Five blocks above finality are replaced: what can come back does, byte for byte, and the mirror tells the truth.

With reorg handling switched off the same journey ends with a ledger that does not agree, which proves that the
journey would notice. These tests have a network of their own, since the last one leaves a mirror that is wrong.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from demo.chain_control import DroppedTransaction, came_back, depth_of, reorg_spending
from devnet import deploy, stack
from devnet.keys import DevelopmentKey, participant_key
from devnet.rpc import Chain
from devnet.stack import Stack
from sdk.errors import IntentFailed
from sdk.schemas import Intent
from tests.journeys.market import FINAL_AFTER_BLOCKS, UNIT, Market, client_of, prepare

BACK_SECONDS = 40


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory, run_env: dict[str, str]) -> Iterator[Stack]:
    with stack.start(tmp_path_factory.mktemp("forked"), env=run_env) as running:
        asyncio.run(prepare(running))
        yield running


@pytest.fixture
async def market(forked: Stack) -> AsyncIterator[Market]:
    async with Market(forked) as opened:
        yield opened


async def test_carried_transactions_come_back_byte_for_byte(market: Market) -> None:
    poor = participant_key(10)
    kept, lost, dropped, back = await journey(market, poor)
    assert len(dropped) >= 2
    assert {tx.tx_hash for tx in back} == {tx.tx_hash for tx in dropped}
    assert (await market.buyer.wait_for_intent(kept)).state in ("mined", "final")
    async with client_of(market.stack, poor) as client:
        with pytest.raises(IntentFailed):
            await client.wait_for_intent(lost, final=True)
        task = await client.task(str(lost.task_id))
    assert task.state == "funding_failed"
    assert task.reason
    assert task.escrow is None
    await market.require_equal_ledger()


async def test_journey_goes_on_after_a_reorg(market: Market) -> None:
    terms, intent = await market.fund()
    await market.buyer.wait_for_intent(intent)
    await market.until_state(terms, "awarded")
    with Chain(market.stack.network.endpoints.rpc_url) as chain:
        chain.ask("anvil_reorg", 5, [])
    await market.deliver_and_pay(terms)
    await market.require_equal_ledger()


async def test_with_reorg_handling_off_the_ledger_does_not_agree(market: Market) -> None:
    """Stays last: from here on this mirror is wrong."""
    market.stack.restart("indexer", REORG_HANDLING="off")
    poor = participant_key(11)
    _, lost, dropped, _ = await journey(market, poor)
    assert dropped
    found = market.audit(wait_seconds=8).differences
    assert any(difference.where.startswith(f"escrows {lost.task_id}") for difference in found), found
    assert any(difference.where == "ledger" for difference in found), found


async def journey(
    market: Market, poor: DevelopmentKey
) -> tuple[Intent, Intent, list[DroppedTransaction], list[DroppedTransaction]]:
    """One funding that can come back, and one whose payer has spent the money on the new fork."""
    rpc_url, deployment = market.stack.network.endpoints.rpc_url, market.stack.deployment
    deploy.fund(rpc_url, deployment, [poor.address], 50 * UNIT)
    market.mine(FINAL_AFTER_BLOCKS)
    await market.until_mirror_is_at_the_head()
    async with client_of(market.stack, poor) as client:
        kept_terms, lost_terms = await market.post(), await market.post(50, buyer=client)
        kept, lost = await asyncio.gather(market.buyer.fund(kept_terms), client.fund(lost_terms))
        mined = await asyncio.gather(market.buyer.wait_for_intent(kept), client.wait_for_intent(lost))
        for terms in (kept_terms, lost_terms):
            await market.until_state(terms, "awarded")
    with Chain(rpc_url) as chain:
        depth = depth_of(chain, [str(intent.tx_hash) for intent in mined])
        dropped = reorg_spending(chain, deployment, poor, 50 * UNIT, depth)
        return kept, lost, dropped, came_back(chain, dropped, BACK_SECONDS)
