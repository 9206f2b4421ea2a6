"""A channel's life with signatures made in Python and carried by a stranger."""

from dataclasses import dataclass

import ape
import pytest
from conftest import BUDGET, DAY, shipped
from typed_data import Domain, sign, sign_intent

NOBODY = "0x" + "00" * 20
DEPOSIT = 50_000_000
CLOSED = 3


@dataclass(frozen=True)
class Channels:
    """One deployment, and the signatures that it understands."""

    contract: object
    domain: Domain

    def voucher(self, account, channel, payee, cumulative: int) -> bytes:
        message = {"channelId": self.id_of(channel), "payee": payee, "cumulative": cumulative}
        return sign(account, self.domain, "Voucher", message)

    def intent(self, account, channel, primary_type: str, deadline: int, **fields: object) -> bytes:
        message = {"channelId": self.id_of(channel), **fields, "deadline": deadline}
        return sign_intent(account, self.domain, primary_type, message)

    def id_of(self, channel) -> bytes:
        return self.contract.channelIdOf(channel)


@pytest.fixture
def channels(contracts, people, chain) -> Channels:
    contract = people.deployer.deploy(shipped("PaymentChannel"), contracts.escrow.address)
    return Channels(contract, Domain("Guildhall PaymentChannel", "1", chain.chain_id, contract.address))


@pytest.fixture
def bilateral(people) -> tuple[object, ...]:
    return (people.buyer.address, people.agent.address, NOBODY, NOBODY, DAY, bytes(32))


def open_channel(contracts, people, channels, channel, now, chain) -> None:
    """By EIP-3009, whose nonce is the channel id."""
    message = {
        "from": people.buyer.address,
        "to": channels.contract.address,
        "value": DEPOSIT,
        "validAfter": 0,
        "validBefore": now + DAY,
        "nonce": channels.id_of(channel),
    }
    signature = sign(people.buyer, contracts.usdc_domain(chain.chain_id), "ReceiveWithAuthorization", message)
    authorization = (0, now + DAY, signature)
    channels.contract.openWithAuthorization(channel, DEPOSIT, authorization, sender=people.carrier)


def test_opens_pays_and_closes_from_signatures_alone(contracts, people, channels, bilateral, now, chain):
    before = contracts.usdc.balanceOf(people.buyer)
    open_channel(contracts, people, channels, bilateral, now, chain)
    for cumulative in (10_000_000, 25_000_000):
        voucher = channels.voucher(people.buyer, bilateral, people.agent.address, cumulative)
        channels.contract.redeem(bilateral, NOBODY, cumulative, voucher, sender=people.carrier)
        assert contracts.usdc.balanceOf(people.agent) == cumulative
    with ape.reverts(channels.contract.VoucherStale):
        channels.contract.redeem(bilateral, NOBODY, cumulative, voucher, sender=people.carrier)

    auth = channels.intent(people.buyer, bilateral, "StartClose", now + DAY)
    channels.contract.startClose(bilateral, auth, sender=people.carrier)
    with ape.reverts(channels.contract.TooEarly):
        channels.contract.finishClose(bilateral, sender=people.carrier)
    chain.pending_timestamp = channels.contract.channelOf(channels.id_of(bilateral)).closesAt + 1
    channels.contract.finishClose(bilateral, sender=people.carrier)

    assert channels.contract.channelOf(channels.id_of(bilateral))[:3] == (CLOSED, 25_000_000, 25_000_000)
    assert contracts.usdc.balanceOf(people.buyer) == before - 25_000_000
    assert contracts.usdc.balanceOf(channels.contract) == 0


def test_pays_many_payees_with_the_sequencers_word(contracts, people, channels, now, chain):
    channel = (people.buyer.address, NOBODY, people.auctioneer.address, NOBODY, DAY, bytes(32))
    open_channel(contracts, people, channels, channel, now, chain)
    redemptions = []
    for payee, cumulative in ((people.agent.address, 20_000_000), (people.arbiter.address, 40_000_000)):
        first = channels.voucher(people.buyer, channel, payee, cumulative)
        second = channels.voucher(people.auctioneer, channel, payee, cumulative)
        redemptions.append((channel, payee, cumulative, len(first).to_bytes(2, "big") + first + second))
    channels.contract.redeemBatch(redemptions, sender=people.carrier)
    assert contracts.usdc.balanceOf(people.agent) == 20_000_000
    assert contracts.usdc.balanceOf(people.arbiter) == DEPOSIT - 20_000_000


def test_closes_at_once_when_both_sign(contracts, people, channels, bilateral, now, chain):
    open_channel(contracts, people, channels, bilateral, now, chain)
    by_payer = channels.intent(people.buyer, bilateral, "CloseTogether", now + DAY, cumulative=30_000_000)
    by_payee = channels.intent(people.agent, bilateral, "CloseTogether", now + DAY, cumulative=30_000_000)
    channels.contract.closeTogether(bilateral, 30_000_000, by_payer, by_payee, sender=people.carrier)
    assert contracts.usdc.balanceOf(people.agent) == 30_000_000
    assert contracts.usdc.balanceOf(channels.contract) == 0


def test_funds_a_task_when_both_sign(contracts, people, channels, bilateral, terms, now, chain):
    open_channel(contracts, people, channels, bilateral, now, chain)
    values = tuple({**terms, "budget": 40_000_000}.values())
    task_id = contracts.escrow.taskIdOf(values)
    move = {"taskId": task_id, "amount": 40_000_000, "minDeposit": 10_000_000}
    by_payer = channels.intent(people.buyer, bilateral, "FundTask", now + DAY, **move)
    by_payee = channels.intent(people.agent, bilateral, "FundTask", now + DAY, **move)
    message = {"taskId": task_id, "deadline": now + DAY}
    fund = sign_intent(people.buyer, contracts.domain(chain.chain_id), "Fund", message)
    arguments = (bilateral, values, move["minDeposit"], by_payer, by_payee, fund)
    channels.contract.fundTask(*arguments, sender=people.carrier)
    assert contracts.usdc.balanceOf(contracts.escrow) == 40_000_000
    assert contracts.usdc.balanceOf(channels.contract) == DEPOSIT - 40_000_000


def test_a_splitter_is_paid_before_it_exists(contracts, people):
    factory = people.deployer.deploy(shipped("SplitterFactory"), contracts.usdc.address)
    payees = sorted([people.agent.address, people.arbiter.address], key=lambda address: int(address, 16))
    splitter = factory.splitterOf(payees, [1, 3])
    contracts.usdc.transfer(splitter, BUDGET, sender=people.buyer)
    factory.deploy(payees, [1, 3], sender=people.carrier)
    clone = shipped("Splitter").at(splitter)
    for payee in payees:
        clone.withdraw(payee, sender=people.carrier)
    assert [contracts.usdc.balanceOf(payee) for payee in payees] == [BUDGET // 4, BUDGET * 3 // 4]
