"""A channel's life with vouchers that eth-account signed, and splitters."""

import ape
import pytest
import stages
from conftest import shipped
from typed_data import sign, sign_intent

DEPOSIT = 50_000_000
OPEN, CLOSED = 1, 3
NOBODY = "0x" + "00" * 20
HOUR = 3_600


@pytest.fixture
def channel(people) -> tuple[object, ...]:
    """Payer, payee, sequencer, signer, challenge, salt: the worker signs for the buyer, the agent is paid."""
    return people.buyer.address, people.agent.address, NOBODY, people.worker.address, HOUR, bytes(32)


@pytest.fixture
def opened(contracts, people, channel, chain, now) -> bytes:
    """By EIP-3009, whose nonce is the channel id."""
    channel_id = contracts.channel.channelIdOf(channel)
    signed = stages.authorization(contracts, people, chain, channel_id, DEPOSIT, contracts.channel, now + 2 * HOUR)
    contracts.channel.openWithAuthorization(channel, DEPOSIT, signed, sender=people.carrier)
    assert contracts.channel.channelOf(channel_id)[:3] == (OPEN, DEPOSIT, 0)
    return channel_id


def voucher(contracts, account, chain, channel_id, payee, cumulative) -> bytes:
    message = {"channelId": channel_id, "payee": payee.address, "cumulative": cumulative}
    return sign(account, contracts.channel_domain(chain.chain_id), "Voucher", message)


def auth(contracts, account, chain, name, **message) -> bytes:
    return sign_intent(account, contracts.channel_domain(chain.chain_id), name, message)


def test_redeems_each_voucher_for_what_is_new_in_it(contracts, people, channel, opened, chain):
    for cumulative in (10_000_000, 25_000_000):
        signed = voucher(contracts, people.worker, chain, opened, people.agent, cumulative)
        contracts.channel.redeem(channel, NOBODY, cumulative, signed, sender=people.carrier)
        assert contracts.usdc.balanceOf(people.agent) == cumulative
    assert contracts.channel.paidTo(channel, people.agent) == 25_000_000
    with ape.reverts(contracts.channel.VoucherStale):
        contracts.channel.redeem(channel, NOBODY, 25_000_000, signed, sender=people.carrier)


def test_a_batch_passes_over_what_is_stale(contracts, people, channel, opened, chain):
    items = []
    for cumulative in (10_000_000, 5_000_000, 20_000_000):
        signed = voucher(contracts, people.worker, chain, opened, people.agent, cumulative)
        items.append((channel, NOBODY, cumulative, signed))
    receipt = contracts.channel.redeemBatch(items, sender=people.carrier)
    assert [log.cumulative for log in receipt.decode_logs(contracts.channel.VoucherSkipped)] == [5_000_000]
    assert contracts.usdc.balanceOf(people.agent) == 20_000_000


def test_many_payees_need_the_sequencers_signature_too(contracts, people, chain, now):
    channel = (people.buyer.address, NOBODY, people.arbiter.address, NOBODY, HOUR, bytes(32))
    contracts.usdc.approve(contracts.channel, DEPOSIT, sender=people.buyer)
    channel_id = contracts.channel.channelIdOf(channel)
    leave = auth(contracts, people.buyer, chain, "Open", channelId=channel_id, amount=DEPOSIT, deadline=now + HOUR)
    contracts.channel.open(channel, DEPOSIT, leave, sender=people.carrier)
    for payee in (people.agent, people.worker):
        first, second = (
            voucher(contracts, signer, chain, channel_id, payee, 7) for signer in (people.buyer, people.arbiter)
        )
        signatures = len(first).to_bytes(2, "big") + first + second
        contracts.channel.redeem(channel, payee, 7, signatures, sender=people.carrier)
        assert contracts.usdc.balanceOf(payee) == 7


def test_a_payer_leaves_after_the_challenge_period(contracts, people, channel, opened, chain, now):
    contracts.usdc.approve(contracts.channel, 5, sender=people.buyer)
    contracts.channel.topUp(channel, 5, sender=people.buyer)
    leave = auth(contracts, people.buyer, chain, "StartClose", channelId=opened, deadline=now + HOUR)
    contracts.channel.startClose(channel, leave, sender=people.carrier)
    with ape.reverts(contracts.channel.TooEarly):
        contracts.channel.finishClose(channel, sender=people.carrier)
    closes_at = contracts.channel.channelOf(opened)[3]
    chain.pending_timestamp = closes_at + 1
    contracts.channel.finishClose(channel, sender=people.carrier)
    assert contracts.channel.channelOf(opened)[0] == CLOSED
    assert contracts.usdc.balanceOf(contracts.channel) == 0
    assert contracts.usdc.balanceOf(people.buyer) == 1_000_000_000


def test_both_close_at_once(contracts, people, channel, opened, chain, now):
    agreed = {"channelId": opened, "cumulative": 30_000_000, "deadline": now + HOUR}
    signed = [auth(contracts, party, chain, "CloseTogether", **agreed) for party in (people.buyer, people.agent)]
    contracts.channel.closeTogether(channel, 30_000_000, *signed, sender=people.carrier)
    assert contracts.usdc.balanceOf(people.agent) == 30_000_000
    assert contracts.channel.channelOf(opened)[:3] == (CLOSED, 30_000_000, 30_000_000)


def test_a_channel_funds_a_task_that_both_want(contracts, people, channel, opened, hire, chain, now):
    terms = hire(budget=20_000_000)
    task_id = stages.task_id_of(contracts, terms)
    wish = {"channelId": opened, "taskId": task_id, "amount": 20_000_000, "minDeposit": 0, "deadline": now + HOUR}
    signed = [auth(contracts, party, chain, "FundTask", **wish) for party in (people.buyer, people.agent)]
    fund = stages.fund_auth(contracts, people.buyer, terms, chain)
    contracts.channel.fundTask(channel, tuple(terms.values()), 0, *signed, fund, sender=people.carrier)
    assert contracts.escrow.taskOf(task_id)[:2] == (1, 20_000_000)
    assert contracts.channel.channelOf(opened)[1] == DEPOSIT - 20_000_000


def test_a_splitter_pays_each_payee_his_share_of_all_that_came(contracts, people):
    payees = sorted((people.agent.address, people.worker.address), key=lambda address: int(address, 16))
    shares = [1, 2]
    place = contracts.splitters.splitterOf(payees, shares)
    contracts.usdc.mint(place, 90, sender=people.deployer)
    contracts.splitters.deploy(payees, shares, sender=people.carrier)
    splitter = shipped("Splitter").at(place)
    for payee in payees:
        splitter.withdraw(payee, sender=people.carrier)
    assert [contracts.usdc.balanceOf(payee) for payee in payees] == [30, 60]
