"""Typed data carries exactly the Solidity type strings and survives a wallet."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from app.chain import typed_data
from app.chain.deployment import Deployment
from app.chain.typed_data import Bid, Feedback, Terms, TokenDomain, TypedData
from app.database import Address, Digest, Hash32, TaskId

INTERFACES = Path(__file__).resolve().parents[3] / "contracts" / "src"
ADDRESSES = [Address(Account.from_key(bytes([n]) * 32).address) for n in range(1, 9)]
HERE = Deployment(31337, 0, *ADDRESSES[:4])
WORD = Hash32("0x" + "ab" * 32)
TASK = TaskId(WORD)
TERMS = Terms(ADDRESSES[4], ADDRESSES[5], ADDRESSES[6], ADDRESSES[7], WORD, WORD, WORD, 1, 2, 3, 4, 5, 6, 7, 8)
BID = Bid(TASK, 1, ADDRESSES[0], ADDRESSES[1], 2, 3, 4, WORD)
FEEDBACK = Feedback(1, -5, 0, "guildhall", "text", "", "", WORD)

MESSAGES = [
    typed_data.fund(HERE, TASK, 9),
    typed_data.award(HERE, TASK, Digest(WORD), 5, WORD, 9),
    typed_data.bid(HERE, BID),
    typed_data.veto(HERE, TASK, 9),
    typed_data.submit(HERE, TASK, 1, WORD, 8, 9),
    typed_data.release(HERE, TASK, 5, 4, 9),
    typed_data.claim(HERE, TASK, 5, 9),
    typed_data.cancel(HERE, TASK, 5, 9),
    typed_data.dispute(HERE, TASK, WORD, 9),
    typed_data.settle(HERE, TASK, 5, 4, 9),
    typed_data.rule(HERE, TASK, 5, 4, WORD, 9),
    typed_data.task_feedback(HERE, TASK, FEEDBACK, 9),
    typed_data.register(HERE, ADDRESSES[0], "https://agent.example", 0, 9),
]
EVERY_MESSAGE = [*MESSAGES, typed_data.receive_authorization(HERE, TokenDomain("USD Coin", "2"), TERMS, 0, 9)]


def type_string(message: TypedData) -> str:
    members = message["types"][message["primaryType"]]
    return f"{message['primaryType']}({','.join(each['type'] + ' ' + each['name'] for each in members)})"


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message["primaryType"])
def test_type_string_stands_in_the_contracts(message: TypedData) -> None:
    sources = "".join(path.read_text() for path in sorted(INTERFACES.rglob("*.sol")))
    assert type_string(message) in re.sub(r'"\s*"', "", sources)


@pytest.mark.parametrize("message", EVERY_MESSAGE, ids=lambda message: message["primaryType"])
def test_eth_account_recovers_the_signer(message: TypedData) -> None:
    account = Account.from_key("0x" + "11" * 32)
    signature = account.sign_typed_data(full_message=dict(message)).signature
    assert (
        Account.recover_message(encode_typed_data(full_message=dict(message)), signature=signature) == account.address
    )


def test_terms_and_bids_keep_their_camel_case_names() -> None:
    assert list(TERMS.message()) == [
        *("buyer", "agent", "awarder", "arbiter", "parent", "content", "salt", "budget", "childCap", "awardBy"),
        *("deliverBy", "reviewSeconds", "vetoSeconds", "arbiterSeconds", "defaultShareBps"),
    ]
    assert Terms.from_message(TERMS.message()) == TERMS
    assert Bid.from_message(BID.message()) == BID


def test_task_id_moves_with_every_field_and_with_the_deployment() -> None:
    whole = TERMS.message()
    changed = [Terms.from_message(whole | {name: other(value)}) for name, value in whole.items()]
    ids = {typed_data.task_id(terms, HERE) for terms in (TERMS, *changed)}
    ids |= {typed_data.task_id(TERMS, replace(HERE, chain_id=137))}
    ids |= {typed_data.task_id(TERMS, replace(HERE, escrow=HERE.token))}
    assert len(ids) == 18


def other(value: object) -> object:
    if isinstance(value, int):
        return value + 1
    return ADDRESSES[0] if len(str(value)) == 42 else Hash32("0x" + "cd" * 32)
