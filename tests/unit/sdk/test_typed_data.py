"""The client's own typed data: equal to the service's for the same values, refused where one member differs."""

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from app.chain import typed_data as service
from app.chain import typed_payments
from app.chain.deployment import Deployment
from app.database import Address, Digest, Hash32
from sdk.errors import SignatureRefused
from sdk.intents import authorization, feedback, intent, permit, permit2, refuse_standing_order, revocation
from sdk.network import Network, Token
from sdk.terms import Bid, Terms, make_terms
from sdk.typed_data import bid_digest, escrow_message, refuse_difference, task_id
from sdk.wallet import Wallet

KEYS = [Account.from_key(bytes([n]) * 32) for n in (1, 2, 3, 4, 5, 6, 7)]
BUYER, AGENT, ARBITER, ESCROW, TOKEN, IDENTITY, REPUTATION = (key.address for key in KEYS)
NETWORK = Network(
    31337, ESCROW, IDENTITY, REPUTATION, Token(TOKEN, "USD Coin", "2", 6), 250, ARBITER, (ARBITER,), permit2=IDENTITY
)
DEPLOYMENT = Deployment(
    chain_id=31337,
    start_block=1,
    token=Address(TOKEN),
    identity=Address(IDENTITY),
    escrow=Address(ESCROW),
    reputation=Address(REPUTATION),
)
HASHES = st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex())
AMOUNTS = st.integers(0, 2**96 - 1)
TIMES = st.integers(0, 2**40 - 1)


def terms() -> Terms:
    return make_terms(
        buyer=BUYER, arbiter=ARBITER, content="0x" + "ab" * 32, budget=5_000_000, chain_time=1_700_000_000
    )


def service_terms(ours: Terms) -> service.Terms:
    return service.Terms(**vars(ours))


@given(content=HASHES, salt=HASHES, budget=AMOUNTS, deliver_by=TIMES, share=st.integers(0, 10_000))
def test_task_id_equals_the_services(content: str, salt: str, budget: int, deliver_by: int, share: int) -> None:
    ours = replace(terms(), content=content, salt=salt, budget=budget, deliver_by=deliver_by, default_share_bps=share)
    assert task_id(ours, NETWORK) == service.task_id(service_terms(ours), DEPLOYMENT)


def test_terms_survive_the_wire() -> None:
    ours = terms()
    assert Terms.from_wire(ours.to_wire()) == ours
    assert ours.to_wire()["budget"] == "5000000"


def test_bid_digest_equals_the_services() -> None:
    values: dict[str, Any] = {
        "task_id": task_id(terms(), NETWORK),
        "agent_id": 7,
        "agent": AGENT,
        "payee": AGENT,
        "min_price": 3,
        "min_work_seconds": 4,
        "valid_until": 5,
        "salt": "0x" + "01" * 32,
    }
    assert bid_digest(Bid(**values), NETWORK) == service.bid_digest(service.Bid(**values), DEPLOYMENT)


def test_every_intent_equals_the_services() -> None:
    ours = terms()
    task = service.task_id(service_terms(ours), DEPLOYMENT)
    digest = Digest(Hash32("0x" + "cd" * 32))
    token = service.TokenDomain("USD Coin", "2")
    pairs = [
        (intent("Fund", "deadline"), service.fund(DEPLOYMENT, task, 9)),
        (permit(), typed_payments.permit(DEPLOYMENT, token, Address(BUYER), Address(ESCROW), ours.budget, 3, 9)),
        (permit2(), typed_payments.permit2_transfer(DEPLOYMENT, Address(IDENTITY), service_terms(ours), 2**200, 9)),
        (revocation(digest), service.revoke_bid(DEPLOYMENT, digest, 9)),
        (authorization(1, 9), service.receive_authorization(DEPLOYMENT, token, service_terms(ours), 1, 9)),
        (
            intent("Award", "deadline", bidDigest=digest, price=2, transcript=digest),
            service.award(DEPLOYMENT, task, digest, 2, digest, 9),
        ),
        (intent("Veto", "deadline"), service.veto(DEPLOYMENT, task, 9)),
        (
            intent("Submit", "since", "deadline", agentId=7, deliverable=digest),
            service.submit(DEPLOYMENT, task, 7, digest, 8, 9),
        ),
        (intent("Release", "remaining", "deadline", amount=2), service.release(DEPLOYMENT, task, 3, 2, 9)),
        (intent("Claim", "remaining", "deadline"), service.claim(DEPLOYMENT, task, 3, 9)),
        (intent("Cancel", "remaining", "deadline"), service.cancel(DEPLOYMENT, task, 3, 9)),
        (intent("Dispute", "deadline", evidence=digest), service.dispute(DEPLOYMENT, task, digest, 9)),
        (intent("Settle", "remaining", "deadline", toAgent=1), service.settle(DEPLOYMENT, task, 3, 1, 9)),
        (
            intent("Rule", "remaining", "deadline", shareBps=60, reasons=digest),
            service.rule(DEPLOYMENT, task, 3, 60, digest, 9),
        ),
    ]
    for build, theirs in pairs:
        built = build(ours, dict(theirs), NETWORK)
        refuse_difference(built, dict(theirs))
        assert encode_typed_data(full_message=built) == encode_typed_data(full_message=dict(theirs))


@pytest.mark.parametrize(
    ("part", "member", "value"),
    [
        ("message", "amount", 3),
        ("message", "amount", "3"),
        ("message", "taskId", "0x" + "ff" * 32),
        ("message", "deadline", None),
        ("domain", "chainId", 1),
        ("domain", "verifyingContract", TOKEN),
        ("domain", "name", "USD Coin"),
        ("message", "extra", 1),
    ],
)
def test_refuses_one_differing_member(part: str, member: str, value: object) -> None:
    message = {"taskId": task_id(terms(), NETWORK), "remaining": 3, "amount": 2, "deadline": 9}
    ours = escrow_message("Release", message, NETWORK)
    theirs = {**ours, part: {**ours[part], member: value}}
    with pytest.raises(SignatureRefused) as refusal:
        refuse_difference(ours, theirs)
    assert refusal.value.path.startswith(part)


def test_refuses_another_type_under_the_same_name() -> None:
    ours = escrow_message("Veto", {"taskId": task_id(terms(), NETWORK), "deadline": 9}, NETWORK)
    types = {**ours["types"], "Veto": [*ours["types"]["Veto"], {"name": "amount", "type": "uint96"}]}
    with pytest.raises(SignatureRefused, match="types"):
        refuse_difference(ours, {**ours, "types": types})


def test_takes_big_numbers_as_decimal_strings() -> None:
    message = {"taskId": task_id(terms(), NETWORK), "remaining": 2**95, "amount": 2**95, "deadline": 9}
    ours = escrow_message("Release", message, NETWORK)
    theirs = {**ours, "message": {**message, "remaining": str(2**95), "amount": str(2**95)}}
    refuse_difference(ours, theirs)


def test_refuses_more_remaining_than_was_ever_funded() -> None:
    prepared = {"message": {"remaining": 5_000_001, "deadline": 9}}
    with pytest.raises(SignatureRefused, match="remaining"):
        intent("Claim", "remaining", "deadline")(terms(), prepared, NETWORK)


def test_refuses_a_signature_that_never_expires() -> None:
    message = escrow_message("Veto", {"taskId": task_id(terms(), NETWORK), "deadline": 2**40 - 1}, NETWORK)
    with pytest.raises(SignatureRefused, match="deadline"):
        refuse_standing_order(message, chain_time=1_700_000_000)


def test_signature_recovers_to_the_wallet() -> None:
    message = feedback(7, 5, "text", "good")(terms(), {"message": {"deadline": 9}}, NETWORK)
    signature = Wallet(KEYS[0]).sign_typed(message)
    assert Account.recover_message(encode_typed_data(full_message=message), signature=signature) == BUYER
    assert len(signature) == 132
    assert signature[-2:] in ("1b", "1c")
