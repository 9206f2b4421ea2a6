"""A task's life with signatures made in Python and carried by a stranger."""

import ape
import stages

RELEASED = 5
FEE = stages.PRICE // 100
PAYEE = "0x00000000000000000000000000000000000FA7ee"


def test_pays_the_agent_from_signatures_alone(contracts, people, terms, chain):
    task_id = stages.work(contracts, people, terms, chain, PAYEE)
    stages.release(contracts, people, terms, chain, task_id)

    assert contracts.escrow.taskOf(task_id)[:2] == (RELEASED, 0)
    assert contracts.usdc.balanceOf(PAYEE) == stages.PRICE - FEE
    assert contracts.usdc.balanceOf(people.buyer) == 10 * terms["budget"] - stages.PRICE
    assert contracts.usdc.balanceOf(contracts.escrow) == contracts.escrow.feesAccrued() == FEE


def test_owes_a_blacklisted_payee_instead_of_locking_the_task(contracts, people, terms, chain):
    task_id = stages.work(contracts, people, terms, chain, PAYEE)
    contracts.usdc.blacklist(PAYEE, sender=people.deployer)
    receipt = stages.release(contracts, people, terms, chain, task_id)

    net = stages.PRICE - FEE
    assert [(log.taskId, log.owner, log.amount) for log in receipt.decode_logs(contracts.escrow.PaymentOwed)] == [
        (task_id, PAYEE, net)
    ]
    assert contracts.escrow.taskOf(task_id)[:2] == (RELEASED, 0)
    assert contracts.escrow.owed(PAYEE) == contracts.escrow.totalOwed() == net

    contracts.usdc.unBlacklist(PAYEE, sender=people.deployer)
    contracts.escrow.withdraw(PAYEE, sender=people.carrier)
    assert contracts.usdc.balanceOf(PAYEE) == net


def test_rates_the_finished_task(contracts, people, terms, chain):
    task_id = stages.work(contracts, people, terms, chain, PAYEE)
    rating = (tuple(terms.values()), 1, 5, 0, "guildhall", "translate", "", "", bytes(32), b"")
    with ape.reverts(contracts.reputation.TaskNotFinished):
        contracts.reputation.giveTaskFeedback(*rating, sender=people.buyer)
    stages.release(contracts, people, terms, chain, task_id)
    contracts.reputation.giveTaskFeedback(*rating, sender=people.buyer)
    assert contracts.reputation.readFeedback(1, people.buyer, 1).value == 5
