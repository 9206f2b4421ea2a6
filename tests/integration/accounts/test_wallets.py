"""Signing in by contract: a wallet that is there, one that is not yet, one that shares its address with a key."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from app.chain.rpc import AsyncChain
from app.chain.wallet_query import MAGIC
from app.database import Address
from tests.integration.api import sign_in_text

FACTORY = Address("0x4e59b44847b379578588920cA78FbF26c0B4956C")
"""The CREATE2 proxy that Anvil and the public chains have there."""
GOOD, BAD = b"\7 and more", b"\6 and more"
# Approves what a signature that begins with 7 is for: isValidSignature's bytes begin at 0x64.
RUNTIME = bytes.fromhex("60643560f81c600714631626ba7e60e01b0260005260206000f3")
REVERTING = bytes.fromhex("60006000fd")


def creation(runtime: bytes) -> bytes:
    """Code that leaves `runtime`."""
    return bytes([0x60, len(runtime)]) + bytes.fromhex("80600b6000396000f3") + runtime


@dataclass(frozen=True)
class Future:
    """A wallet that the factory makes of a salt."""

    salt: bytes
    runtime: bytes = RUNTIME

    @property
    def preparation(self) -> bytes:
        return self.salt + creation(self.runtime)

    @property
    def address(self) -> str:
        parts = (b"\xff", bytes.fromhex(FACTORY[2:]), self.salt, keccak(creation(self.runtime)))
        return str(to_checksum_address(keccak(b"".join(parts))[12:]))

    def wrapped(self, signature: bytes, factory: str = FACTORY) -> bytes:
        return encode(["address", "bytes", "bytes"], [factory, self.preparation, signature]) + MAGIC


@pytest.fixture
async def chain(rpc_url: str) -> AsyncIterator[AsyncChain]:
    async with AsyncChain([rpc_url]) as client:
        yield client


@pytest.fixture
def future() -> Future:
    return Future(Account.create().key)


async def post_proof(api: httpx.AsyncClient, address: str, signature: bytes) -> httpx.Response:
    challenge = (await api.post("/v1/auth/nonce", json={"address": address})).json()
    text = sign_in_text(challenge, address)
    body = {"message": text, "signature": "0x" + signature.hex(), "client_token": challenge["client_token"]}
    return await api.post("/v1/auth/sessions", json=body)


def reason(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:guildhall:problem:bad-signature")
    return str(answer.json()["reason"])


async def test_a_wallet_that_is_not_deployed_signs_in_and_stays_undeployed(
    api: httpx.AsyncClient, chain: AsyncChain, future: Future
) -> None:
    before = await chain.block("latest")
    opened = await post_proof(api, future.address, future.wrapped(GOOD))
    assert (opened.status_code, opened.json()["address"]) == (201, future.address)
    assert await chain.code(Address(future.address)) == b""
    assert await chain.block("latest") == before


async def test_a_wallet_that_was_deployed_since_signs_in_with_either_form(
    api: httpx.AsyncClient, chain: AsyncChain, future: Future
) -> None:
    await chain.request("anvil_setCode", future.address, "0x" + future.runtime.hex())
    assert (await post_proof(api, future.address, future.wrapped(GOOD))).status_code == 201
    assert (await post_proof(api, future.address, GOOD)).status_code == 201
    assert reason(await post_proof(api, future.address, future.wrapped(BAD))) == "wallet_refuses"
    assert reason(await post_proof(api, future.address, BAD)) == "wallet_refuses"


async def test_refuses_what_the_wallet_would_refuse(api: httpx.AsyncClient, future: Future) -> None:
    assert reason(await post_proof(api, future.address, future.wrapped(BAD))) == "wallet_refuses"
    nowhere = Account.create().address
    assert reason(await post_proof(api, future.address, future.wrapped(GOOD, nowhere))) == "wallet_refuses"
    assert reason(await post_proof(api, nowhere, future.wrapped(GOOD))) == "wallet_refuses"


async def test_refuses_a_factory_that_spends_everything(
    api: httpx.AsyncClient, chain: AsyncChain, future: Future
) -> None:
    endless = Account.create().address
    await chain.request("anvil_setCode", endless, "0x5b600056")
    assert reason(await post_proof(api, future.address, future.wrapped(GOOD, endless))) == "wallet_refuses"


@pytest.mark.parametrize("cut", [0, 32, 96, 100])
async def test_refuses_a_wrapping_of_another_form(api: httpx.AsyncClient, future: Future, cut: int) -> None:
    wrapped = future.wrapped(GOOD)[:cut] + MAGIC
    assert reason(await post_proof(api, future.address, wrapped)) == "wrapping_malformed"


async def test_a_key_whose_account_has_code_signs_in(api: httpx.AsyncClient, chain: AsyncChain, future: Future) -> None:
    """EIP-7702: the account points to code that refuses everything, and the key still speaks for it."""
    key, target = Account.create(), Account.create().address
    await chain.request("anvil_setCode", target, "0x" + REVERTING.hex())
    await chain.request("anvil_setCode", key.address, "0xef0100" + target[2:])
    challenge = (await api.post("/v1/auth/nonce", json={"address": key.address})).json()
    text = sign_in_text(challenge, key.address)
    signature = "0x" + bytes(key.sign_message(encode_defunct(text=text)).signature).hex()
    body = {"message": text, "signature": signature, "client_token": challenge["client_token"]}
    assert (await api.post("/v1/auth/sessions", json=body)).status_code == 201
    assert reason(await post_proof(api, key.address, GOOD)) == "wallet_refuses"


async def test_an_account_that_points_to_a_wallet_signs_in_by_it(
    api: httpx.AsyncClient, chain: AsyncChain, future: Future
) -> None:
    """EIP-7702: where the code approves, it speaks for the account, too."""
    delegated, target = Account.create().address, Account.create().address
    await chain.request("anvil_setCode", target, "0x" + RUNTIME.hex())
    await chain.request("anvil_setCode", delegated, "0xef0100" + target[2:])
    assert (await post_proof(api, delegated, GOOD)).status_code == 201
    assert reason(await post_proof(api, delegated, BAD)) == "wallet_refuses"
