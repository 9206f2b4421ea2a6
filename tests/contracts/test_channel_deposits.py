"""Deposits by allowance, a delegated signer, and a batch with a voucher that is no more worth anything."""

import pytest
from typed_data import sign, sign_intent

DEPOSIT = 50_000_000
NOBODY = "0x" + "00" * 20
HOUR = 3_600


@pytest.fixture
def channel(people) -> tuple[object, ...]:
    """Payer, payee, sequencer, signer, challenge, salt: the worker signs for the buyer."""
    return people.buyer.address, people.agent.address, NOBODY, people.worker.address, HOUR, bytes(32)


@pytest.fixture
def opened(contracts, people, channel, chain, now) -> bytes:
    """By allowance, carried with the payer's signature, and topped up by the payer."""
    channel_id = contracts.channel.channelIdOf(channel)
    contracts.usdc.approve(contracts.channel, DEPOSIT, sender=people.buyer)
    message = {"channelId": channel_id, "amount": DEPOSIT - 5, "deadline": now + HOUR}
    leave = sign_intent(people.buyer, contracts.channel_domain(chain.chain_id), "Open", message)
    contracts.channel.open(channel, DEPOSIT - 5, leave, sender=people.carrier)
    contracts.channel.topUp(channel, 5, sender=people.buyer)
    assert contracts.channel.channelOf(channel_id)[1] == DEPOSIT
    return channel_id


def test_a_batch_passes_over_what_is_stale(contracts, people, channel, opened, chain):
    items = []
    for cumulative in (10_000_000, 5_000_000, 20_000_000):
        message = {"channelId": opened, "payee": people.agent.address, "cumulative": cumulative}
        voucher = sign(people.worker, contracts.channel_domain(chain.chain_id), "Voucher", message)
        items.append((channel, NOBODY, cumulative, voucher))
    receipt = contracts.channel.redeemBatch(items, sender=people.carrier)
    assert [log.cumulative for log in receipt.decode_logs(contracts.channel.VoucherSkipped)] == [5_000_000]
    assert contracts.usdc.balanceOf(people.agent) == 20_000_000
