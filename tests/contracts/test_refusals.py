"""Signatures that must not work, made by eth-account."""

import ape
import stages
from eth_abi import encode
from eth_utils import keccak

PAYEE = "0x00000000000000000000000000000000000FA7ee"
SUBMITTED = 3


def test_refuses_a_signature_for_another_chain(contracts, people, terms, chain):
    task_id = stages.work(contracts, people, terms, chain, PAYEE)
    auth = stages.release_auth(contracts, people, terms, 137, task_id)
    with ape.reverts(contracts.escrow.BadSignature):
        contracts.escrow.release(tuple(terms.values()), stages.PRICE, auth, sender=people.carrier)
    assert contracts.escrow.taskOf(task_id)[:2] == (SUBMITTED, stages.PRICE)


def test_refuses_a_signature_for_another_task(contracts, people, terms, chain):
    task_id = stages.work(contracts, people, terms, chain, PAYEE)
    auth = stages.release_auth(contracts, people, terms, chain.chain_id, b"\x09" * 32)
    with ape.reverts(contracts.escrow.BadSignature):
        contracts.escrow.release(tuple(terms.values()), stages.PRICE, auth, sender=people.carrier)
    assert contracts.escrow.taskOf(task_id)[:2] == (SUBMITTED, stages.PRICE)


def test_refuses_a_stranger_without_a_signature(contracts, people, terms, chain):
    stages.work(contracts, people, terms, chain, PAYEE)
    with ape.reverts(contracts.escrow.NotBuyer):
        contracts.escrow.release(tuple(terms.values()), 1, b"", sender=people.carrier)


def test_task_id_is_the_hash_that_a_client_computes(contracts, terms, chain):
    addresses, hashes = ("address",) * 4, ("bytes32",) * 3
    numbers = ("uint96", "uint96", "uint40", "uint40", "uint32", "uint32", "uint32", "uint16")
    kinds = f"({','.join(addresses + hashes + numbers)})"
    encoded = encode(["uint256", "address", kinds], [chain.chain_id, contracts.escrow.address, tuple(terms.values())])
    assert contracts.escrow.taskIdOf(tuple(terms.values())) == keccak(encoded)
