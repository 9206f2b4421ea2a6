"""Our digests are the contracts' own."""

from typing import Any

from eth_account import Account
from eth_utils.crypto import keccak

from app.chain.channels import Channel, channel_id
from app.chain.channels import voucher as voucher_message
from app.chain.contracts import call_data, decode_result
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.chain.typed_data import Bid, Terms, TokenDomain, bid_digest, digest, fund, receive_authorization, task_id
from app.database import Address, Hash32, TaskId


def address(number: int) -> Address:
    return Address(Account.from_key(number.to_bytes(32, "big")).address)


def word(text: str) -> Hash32:
    return Hash32("0x" + keccak(text=text).hex())


TERMS = Terms(
    buyer=address(1),
    agent=address(2),
    awarder=address(3),
    arbiter=address(4),
    parent=word("parent"),
    content=word("content"),
    salt=word("salt"),
    budget=2**96 - 1,
    child_cap=7,
    award_by=2**40 - 1,
    deliver_by=2**40 - 2,
    review_seconds=2**32 - 1,
    veto_seconds=11,
    arbiter_seconds=13,
    default_share_bps=2**16 - 1,
)


async def ask(chain: AsyncChain, to: Address, contract: str, name: str, *arguments: Any) -> Any:
    return decode_result(contract, name, await chain.call(to, call_data(contract, name, *arguments)))[0]


async def test_task_id_is_the_contracts(chain: AsyncChain, contracts: Deployment) -> None:
    theirs = await ask(chain, contracts.escrow, "TaskEscrow", "taskIdOf", TERMS.abi())
    assert task_id(TERMS, contracts) == "0x" + theirs.hex()


async def test_bid_digest_is_the_contracts(chain: AsyncChain, contracts: Deployment) -> None:
    bid = Bid(task_id(TERMS, contracts), 2**44 - 1, address(5), address(6), 2**96 - 1, 60, 2**40 - 1, word("bid"))
    theirs = await ask(chain, contracts.escrow, "TaskEscrow", "bidDigestOf", bid.abi())
    assert bid_digest(bid, contracts) == "0x" + theirs.hex()


async def test_channel_ids_and_vouchers_are_the_contracts(chain: AsyncChain, contracts: Deployment) -> None:
    assert contracts.channels is not None
    channel = Channel(address(1), address(2), address(3), address(4), 2**32 - 1, word("salt"))
    theirs = await ask(chain, contracts.channels, "PaymentChannel", "channelIdOf", channel.abi())
    assert channel_id(channel, contracts) == "0x" + theirs.hex()
    voucher = (channel_id(channel, contracts), address(2), 2**96 - 1)
    asked = (bytes.fromhex(voucher[0][2:]), *voucher[1:])
    theirs = await ask(chain, contracts.channels, "PaymentChannel", "voucherDigestOf", *asked)
    assert digest(voucher_message(contracts, *voucher)) == "0x" + theirs.hex()


async def test_domain_separator_is_the_contracts(chain: AsyncChain, contracts: Deployment) -> None:
    theirs = await ask(chain, contracts.escrow, "TaskEscrow", "DOMAIN_SEPARATOR")
    deadline, task = 99, TaskId(word("task"))
    struct = keccak(
        keccak(text="Fund(bytes32 taskId,uint40 deadline)") + bytes.fromhex(task[2:]) + deadline.to_bytes(32, "big")
    )
    assert digest(fund(contracts, task, deadline)) == "0x" + keccak(b"\x19\x01" + theirs + struct).hex()


async def test_authorization_is_in_the_tokens_domain(chain: AsyncChain, contracts: Deployment) -> None:
    name, version, separator = [
        await ask(chain, contracts.token, "MockUSDC", read) for read in ("name", "version", "DOMAIN_SEPARATOR")
    ]
    typed = receive_authorization(contracts, TokenDomain(name, version), TERMS, 1, 2)
    assert typed["message"]["nonce"] == task_id(TERMS, contracts)
    values = (TERMS.buyer, contracts.escrow)
    struct = keccak(text=type_string(typed["types"]["ReceiveWithAuthorization"]))
    struct += b"".join(bytes(12) + bytes.fromhex(value[2:]) for value in values)
    struct += b"".join(number.to_bytes(32, "big") for number in (TERMS.budget, 1, 2))
    struct += bytes.fromhex(task_id(TERMS, contracts)[2:])
    assert digest(typed) == "0x" + keccak(b"\x19\x01" + separator + keccak(struct)).hex()


def type_string(members: list[dict[str, str]]) -> str:
    inside = ",".join(each["type"] + " " + each["name"] for each in members)
    return f"ReceiveWithAuthorization({inside})"
