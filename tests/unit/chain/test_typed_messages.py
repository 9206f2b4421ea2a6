"""Typed data carries exactly the Solidity type strings and survives a wallet."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from app.chain import channels, typed_data, typed_payments, typed_reviews
from app.chain.channels import Channel
from app.chain.deployment import Deployment
from app.chain.typed_data import Bid, Feedback, Terms, TokenDomain, TypedData
from app.database import Address, Digest, Hash32, TaskId

INTERFACES = Path(__file__).resolve().parents[3] / "contracts" / "src"
ADDRESSES = [Address(Account.from_key(bytes([n]) * 32).address) for n in range(1, 9)]
HERE = replace(Deployment(31337, 0, *ADDRESSES[:4]), channels=ADDRESSES[5])
WORD = Hash32("0x" + "ab" * 32)
TASK = TaskId(WORD)
TERMS = Terms(ADDRESSES[4], ADDRESSES[5], ADDRESSES[6], ADDRESSES[7], WORD, WORD, WORD, 1, 2, 3, 4, 5, 6, 7, 8)
BID = Bid(TASK, 1, ADDRESSES[0], ADDRESSES[1], 2, 3, 4, WORD)
CHANNEL = Channel(ADDRESSES[4], ADDRESSES[5], typed_data.ZERO_ADDRESS, typed_data.ZERO_ADDRESS, 3600, WORD)
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
    typed_data.revoke_bid(HERE, Digest(WORD), 9),
    typed_data.register(HERE, ADDRESSES[0], "https://agent.example", 0, 9),
    typed_data.register_by_digest(HERE, ADDRESSES[0], Digest(WORD), 0, 9),
    typed_data.set_agent_wallet(HERE, 1, ADDRESSES[0], 0, 9),
    typed_data.agent_wallet_set(HERE, 1, ADDRESSES[0], ADDRESSES[1], 9),
    channels.voucher(HERE, WORD, ADDRESSES[0], 5),
    channels.open_channel(HERE, WORD, 5, 9),
    channels.start_close(HERE, WORD, 9),
    channels.close_together(HERE, WORD, 5, 9),
    channels.fund_task(HERE, WORD, TASK, 5, 4, 9),
]
USDC = TokenDomain("USD Coin", "2")
EVERY_MESSAGE = [
    *MESSAGES,
    typed_data.receive_authorization(HERE, USDC, TERMS, 0, 9),
    typed_payments.receive_batch_authorization(HERE, USDC, [TERMS, TERMS], 0, 9),
    typed_payments.permit(HERE, USDC, ADDRESSES[0], ADDRESSES[1], 5, 0, 9),
    typed_payments.permit2_transfer(HERE, ADDRESSES[6], TERMS, 7, 9),
    typed_reviews.buyer_review(HERE, TASK, 1, ADDRESSES[0], 5, Digest(WORD)),
    typed_reviews.review_reply(HERE, TASK, ADDRESSES[0], Digest(WORD)),
    channels.open_authorization(HERE, USDC, CHANNEL, 5, 0, 9),
    channels.top_up_authorization(HERE, USDC, CHANNEL, 5, WORD, 0, 9),
]


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


def test_a_batch_is_paid_by_its_sum_under_the_hash_of_its_ids() -> None:
    other = replace(TERMS, budget=41)
    message = typed_payments.receive_batch_authorization(HERE, USDC, [TERMS, other], 3, 9)["message"]
    ids = b"".join(bytes.fromhex(typed_data.task_id(terms, HERE)[2:]) for terms in (TERMS, other))
    assert (message["from"], message["to"], message["value"]) == (TERMS.buyer, HERE.escrow, 42)
    assert message["nonce"] == "0x" + keccak(ids).hex()


def test_a_permit2_transfer_is_in_a_domain_without_version() -> None:
    """Uniswap's Permit2 has a name and no version: with one, no signature would ever be taken."""
    message = typed_payments.permit2_transfer(HERE, ADDRESSES[6], TERMS, 7, 9)
    separator = encode(
        ["bytes32", "bytes32", "uint256", "address"],
        [
            keccak(text="EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
            keccak(text="Permit2"),
            31337,
            ADDRESSES[6],
        ],
    )
    signable = encode_typed_data(full_message=dict(message))
    assert signable.header == keccak(separator)
    witness = "bytes32 taskId)TokenPermissions(address token,uint256 amount)"
    transfer = "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,"
    permitted = encode(["bytes32", "address", "uint256"], [keccak(text=witness[15:]), HERE.token, TERMS.budget])
    task = bytes.fromhex(typed_data.task_id(TERMS, HERE)[2:])
    values = [keccak(text=transfer + witness), keccak(permitted), HERE.escrow, 7, 9, task]
    assert signable.body == keccak(encode(["bytes32", "bytes32", "address", "uint256", "uint256", "bytes32"], values))


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
