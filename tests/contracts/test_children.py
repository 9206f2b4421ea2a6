"""A task that its parent's agent pays out of the parent's money."""

import pytest
import stages

DAY = 86_400
CHILD = 30_000_000
RELEASED = 5


@pytest.fixture
def parent(hire) -> dict[str, object]:
    return hire(childCap=CHILD, deliverBy=hire()["deliverBy"] + 30 * DAY)


@pytest.fixture
def child(contracts, people, hire, parent) -> dict[str, object]:
    """The agent hires the worker."""
    parties = {"buyer": people.agent.address, "agent": people.worker.address}
    return hire(**parties, parent=stages.task_id_of(contracts, parent), budget=CHILD)


def begin(contracts, people, parent, child, chain) -> tuple[bytes, bytes]:
    parent_id = stages.fund(contracts, people, parent, chain)
    auth = stages.fund_auth(contracts, people.agent, child, chain)
    structs = (tuple(child.values()), tuple(parent.values()))
    receipt = contracts.escrow.fundChild(*structs, auth, sender=people.carrier)
    assert [log.amount for log in receipt.decode_logs(contracts.escrow.ChildFunded)] == [CHILD]
    assert contracts.escrow.childrenOf(parent_id) == (1, CHILD, people.buyer.address)
    return parent_id, stages.task_id_of(contracts, child)


def test_pays_the_worker_out_of_the_parents_money(contracts, people, parent, child, chain):
    parent_id, child_id = begin(contracts, people, parent, child, chain)
    contracts.escrow.submit(tuple(child.values()), 2, stages.WORK, b"", sender=people.worker)
    contracts.escrow.release(tuple(child.values()), CHILD, b"", sender=people.agent)
    assert contracts.escrow.taskOf(child_id)[0] == RELEASED
    assert contracts.usdc.balanceOf(people.worker) == CHILD - CHILD // 100
    assert contracts.escrow.taskOf(parent_id)[1] == parent["budget"] - CHILD
    assert contracts.escrow.childrenOf(parent_id)[:2] == (0, CHILD)


def test_gives_back_to_the_open_parent(contracts, people, parent, child, chain):
    parent_id, _ = begin(contracts, people, parent, child, chain)
    receipt = contracts.escrow.cancel(tuple(child.values()), b"", sender=people.worker)
    returned = receipt.decode_logs(contracts.escrow.ChildReturned)
    assert [(log.parentId, log.amount, log.toBuyer) for log in returned] == [(parent_id, CHILD, False)]
    assert contracts.escrow.taskOf(parent_id)[1] == parent["budget"]
    assert contracts.escrow.childrenOf(parent_id)[:2] == (0, 0)


def test_gives_back_past_a_finished_parent_to_its_buyer(contracts, people, parent, child, chain):
    begin(contracts, people, parent, child, chain)
    contracts.escrow.cancel(tuple(parent.values()), b"", sender=people.agent)
    receipt = contracts.escrow.cancel(tuple(child.values()), b"", sender=people.worker)
    assert [log.toBuyer for log in receipt.decode_logs(contracts.escrow.ChildReturned)] == [True]
    assert contracts.usdc.balanceOf(people.buyer) == 10 * parent["budget"]
    assert contracts.usdc.balanceOf(people.agent) == 0
