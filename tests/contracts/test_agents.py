"""Registration by digest and a change of wallet, both carried for the owner."""

import base64

import ape
import pytest
from typed_data import sign

HOUR = 3_600
CARD = bytes(range(32))


@pytest.fixture
def domain(contracts, chain):
    return contracts.identity_domain(chain.chain_id)


def test_registers_by_digest_for_an_owner_who_signed(contracts, people, domain, now):
    owner, nonce = people.buyer, contracts.identity.registrationNonce(people.buyer)
    message = {"owner": owner.address, "digest": CARD, "nonce": nonce, "deadline": now + HOUR}
    signed = (owner, CARD, now + HOUR, sign(owner, domain, "RegisterByDigest", message))
    contracts.identity.registerByDigestFor(*signed, sender=people.carrier)
    cid = "b" + base64.b32encode(b"\x01\x55\x12\x20" + CARD).decode().lower().rstrip("=")
    assert contracts.identity.ownerOf(3) == owner
    assert contracts.identity.tokenURI(3) == f"ipfs://{cid}"
    with ape.reverts(contracts.identity.BadSignature):
        contracts.identity.registerByDigestFor(*signed, sender=people.carrier)


def test_changes_the_wallet_by_the_owners_and_the_wallets_signatures(contracts, people, domain, now):
    wallet, owner, soon = people.worker, people.agent, now + 120
    proof = {"agentId": 1, "newWallet": wallet.address, "owner": owner.address, "deadline": soon}
    nonce = contracts.identity.walletNonce(1)
    leave = {"agentId": 1, "newWallet": wallet.address, "nonce": nonce, "deadline": now + HOUR}
    arguments = (1, wallet, soon, sign(wallet, domain, "AgentWalletSet", proof), now + HOUR)
    signed = (*arguments, sign(owner, domain, "SetAgentWallet", leave))
    contracts.identity.setAgentWalletFor(*signed, sender=people.carrier)
    assert contracts.identity.getAgentWallet(1) == wallet
    with ape.reverts(contracts.identity.BadSignature):
        contracts.identity.setAgentWalletFor(*signed, sender=people.carrier)
