"""A contract's signature is what the contract says, within limits that it cannot move (ERC-1271)."""

import pytest
from eth_account import Account

from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.chain.signatures import MAX_SIGNATURE_BYTES, verify
from app.chain.typed_data import TypedData, fund
from app.database import Address, Hash32, TaskId
from app.errors import BadSignature, ChainUnavailable

MAGIC = "631626ba7e"
YES = f"{MAGIC}60e01b60005260206000f3"
WALLETS = {
    "empty answer": "60006000f3",
    "short answer": f"{MAGIC}60e01b60005260046000f3",
    "number instead of bytes4": f"{MAGIC}60005260206000f3",
    "true instead of magic": "600160005260206000f3",
    "dirty magic": f"{MAGIC}60e01b60010160005260206000f3",
    "revert": "60006000fd",
    "endless": "5b600056",
    "invalid": "fe",
    "huge answer of nothing": "62ffffff6000f3",
}


@pytest.fixture
def message(contracts: Deployment) -> TypedData:
    return fund(contracts, TaskId(Hash32("0x" + "ab" * 32)), 99)


async def wallet(chain: AsyncChain, code: str) -> Address:
    address = Address(Account.create().address)
    await chain.request("anvil_setCode", address, "0x" + code)
    return address


async def test_accepts_what_the_wallet_accepts(chain: AsyncChain, message: TypedData) -> None:
    await verify(chain, message, b"anything", await wallet(chain, YES))
    await verify(chain, message, b"", await wallet(chain, YES))


async def test_accepts_the_key_behind_an_account_with_code(chain: AsyncChain, message: TypedData) -> None:
    """A delegated account (EIP-7702) has code and a key; the key is asked first, as the contracts do."""
    account = Account.create()
    await chain.request("anvil_setCode", account.address, "0x" + WALLETS["revert"])
    signature = bytes(account.sign_typed_data(full_message=dict(message)).signature)
    await verify(chain, message, signature, Address(account.address))


@pytest.mark.parametrize("kind", WALLETS)
async def test_refuses_what_the_wallet_does_not_accept(chain: AsyncChain, message: TypedData, kind: str) -> None:
    with pytest.raises(BadSignature) as refused:
        await verify(chain, message, b"anything", await wallet(chain, WALLETS[kind]))
    assert refused.value.facts["reason"] == "wallet_refuses"


async def test_names_the_fault_of_a_key_signature(chain: AsyncChain, message: TypedData) -> None:
    with pytest.raises(BadSignature) as refused:
        await verify(chain, message, b"\1" * 64, Address(Account.create().address))
    assert refused.value.facts["reason"] == "length_not_65"


async def test_refuses_a_huge_signature_before_asking_anybody(message: TypedData) -> None:
    async with AsyncChain(["http://127.0.0.1:1"]) as nobody:
        with pytest.raises(BadSignature) as refused:
            await verify(nobody, message, bytes(MAX_SIGNATURE_BYTES + 1), Address(Account.create().address))
    assert refused.value.facts["reason"] == "too_long"


async def test_says_so_when_no_node_can_tell(message: TypedData) -> None:
    async with AsyncChain(["http://127.0.0.1:1"]) as nobody:
        with pytest.raises(ChainUnavailable):
            await verify(nobody, message, b"anything", Address(Account.create().address))
