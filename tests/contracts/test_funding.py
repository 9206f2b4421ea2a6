"""Every way to pay in, carried by a stranger wherever the buyer signed."""

import stages
from eth_utils import keccak
from typed_data import sign

FUNDED, REFUNDED = 1, 9
AHEAD = 3_600


def is_funded(contracts, task_id, budget) -> bool:
    return contracts.escrow.taskOf(task_id)[:2] == (FUNDED, budget)


def test_a_permit_pays_even_if_somebody_has_carried_it(contracts, people, hire, chain):
    terms, domain = hire(), contracts.usdc_domain(chain.chain_id)
    deadline, nonce = terms["deliverBy"], contracts.usdc.nonces(people.buyer)
    allowance = {
        "owner": people.buyer.address,
        "spender": contracts.escrow.address,
        "value": terms["budget"],
        "nonce": nonce,
        "deadline": deadline,
    }
    signature = sign(people.buyer, domain, "Permit", allowance)
    carried = (people.buyer.address, contracts.escrow.address, terms["budget"], deadline, signature)
    contracts.usdc.permit(*carried, sender=people.worker)
    permit = (terms["budget"], deadline, signature)
    auth = stages.fund_auth(contracts, people.buyer, terms, chain)
    contracts.escrow.fundWithPermit(tuple(terms.values()), permit, auth, sender=people.carrier)
    assert is_funded(contracts, stages.task_id_of(contracts, terms), terms["budget"])


def test_permit2_pays_with_the_task_as_witness(contracts, people, hire, chain):
    terms, nonce = hire(), 2**200 + 7
    task_id = stages.task_id_of(contracts, terms)
    transfer = {
        "permitted": {"token": contracts.usdc.address, "amount": terms["budget"]},
        "spender": contracts.escrow.address,
        "nonce": nonce,
        "deadline": terms["deliverBy"],
        "taskId": task_id,
    }
    signature = sign(people.buyer, contracts.permit2_domain(chain.chain_id), "PermitWitnessTransferFrom", transfer)
    contracts.usdc.approve(contracts.permit2, terms["budget"], sender=people.buyer)
    paid = (tuple(terms.values()), nonce, terms["deliverBy"], signature)
    contracts.escrow.fundWithPermit2(*paid, sender=people.carrier)
    assert is_funded(contracts, task_id, terms["budget"])


def test_an_allowance_pays_where_the_buyer_signed(contracts, people, hire, chain):
    terms = hire()
    contracts.usdc.approve(contracts.escrow, terms["budget"], sender=people.buyer)
    auth = stages.fund_auth(contracts, people.buyer, terms, chain)
    contracts.escrow.fund(tuple(terms.values()), auth, sender=people.carrier)
    assert is_funded(contracts, stages.task_id_of(contracts, terms), terms["budget"])


def test_somebody_else_pays_for_the_buyer(contracts, people, hire, chain):
    terms = hire()
    contracts.usdc.mint(people.worker, terms["budget"], sender=people.deployer)
    contracts.usdc.approve(contracts.escrow, terms["budget"], sender=people.worker)
    before = contracts.usdc.balanceOf(people.buyer)
    auth = stages.fund_auth(contracts, people.buyer, terms, chain)
    contracts.escrow.fundFor(tuple(terms.values()), auth, sender=people.worker)
    assert is_funded(contracts, stages.task_id_of(contracts, terms), terms["budget"])
    assert (contracts.usdc.balanceOf(people.buyer), contracts.usdc.balanceOf(people.worker)) == (before, 0)


def test_one_signature_pays_a_batch_and_one_call_ends_it(contracts, people, hire, chain):
    plan = [hire(budget=budget) for budget in (1, 20, 300)]
    ids = [stages.task_id_of(contracts, terms) for terms in plan]
    nonce, until = keccak(b"".join(ids)), plan[0]["deliverBy"]
    signed = stages.authorization(contracts, people, chain, nonce, 321, contracts.escrow, until)
    contracts.escrow.fundBatch([tuple(terms.values()) for terms in plan], signed, sender=people.carrier)
    assert [contracts.escrow.taskOf(task)[:2] for task in ids] == [(FUNDED, terms["budget"]) for terms in plan]

    ends = [contracts.escrow.cancel.encode_input(tuple(terms.values()), b"") for terms in plan]
    contracts.escrow.multicall(ends, sender=people.buyer)
    assert [contracts.escrow.taskOf(task)[0] for task in ids] == [REFUNDED] * 3
    assert contracts.usdc.balanceOf(contracts.escrow) == 0
