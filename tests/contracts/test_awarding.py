"""An award that pays, and a bid that is taken back."""

import ape
import pytest
import stages
from typed_data import sign_intent

AWARDED = 2
PAYEE = "0x00000000000000000000000000000000000FA7ee"


@pytest.fixture
def open_terms(people, terms) -> dict[str, object]:
    """The buyer awards himself."""
    return terms | {"awarder": "0x" + "00" * 20}


@pytest.mark.parametrize("front_run", [False, True])
def test_awards_and_pays_in_one_transaction(contracts, people, open_terms, chain, front_run):
    """Also where somebody has carried the same authorization before."""
    if front_run:
        stages.fund(contracts, people, open_terms, chain)
    chosen = stages.choice(contracts, people, open_terms, chain, PAYEE, people.buyer)
    signed = stages.funding(contracts, people, open_terms, chain)
    contracts.escrow.awardAndFund(*chosen, signed, sender=people.carrier)
    task_id = stages.task_id_of(contracts, open_terms)
    assert contracts.escrow.taskOf(task_id)[:2] == (AWARDED, stages.PRICE)
    assert contracts.usdc.balanceOf(people.buyer) == 10 * open_terms["budget"] - stages.PRICE


def test_a_revoked_bid_wins_nothing(contracts, people, open_terms, chain):
    chosen = stages.choice(contracts, people, open_terms, chain, PAYEE, people.buyer)
    digest = contracts.escrow.bidDigestOf(chosen[1])
    message = {"bidDigest": digest, "deadline": open_terms["awardBy"]}
    auth = sign_intent(people.agent, contracts.domain(chain.chain_id), "RevokeBid", message)
    receipt = contracts.escrow.revokeBid(chosen[1], auth, sender=people.carrier)
    assert [log.bidDigest for log in receipt.decode_logs(contracts.escrow.BidRevoked)] == [digest]
    assert contracts.escrow.bidRevoked(digest)
    signed = stages.funding(contracts, people, open_terms, chain)
    with ape.reverts(contracts.escrow.BidIsRevoked):
        contracts.escrow.awardAndFund(*chosen, signed, sender=people.carrier)
