"""The bytes of a transaction are those that eth-account makes, and its service signs nothing but what it may."""

from collections.abc import AsyncIterator

import httpx
import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from app.database import Address
from app.errors import SignerRefused, SignerUnavailable
from app.signing.envelope import Unsigned
from app.signing.remote import RemoteSigner
from app.signing.service import Policy, create_service
from app.signing.signer import LocalSigner, signer_of

KEY = bytes.fromhex("11" * 32)
CONTRACT, OTHER = Address("0x" + "22" * 20), Address("0x" + "33" * 20)
TOKEN = "known to the relayer alone"
GWEI = 10**9


def transaction(**changes: object) -> Unsigned:
    fields = {"chain_id": 137, "nonce": 7, "max_fee": 100 * GWEI, "tip": 25 * GWEI, "gas": 90_000, "to": CONTRACT}
    return Unsigned(**fields | {"data": b"\1\2\3"} | changes)  # type: ignore[arg-type]  # one field at a time


@given(
    nonce=st.integers(0, 2**64 - 2),
    max_fee=st.integers(0, 2**100),
    tip=st.integers(0, 2**100),
    gas=st.integers(21_000, 2**40),
    data=st.binary(max_size=300),
    key=st.integers(1, 2**250),
)
async def test_signs_the_bytes_that_the_witness_signs(
    nonce: int, max_fee: int, tip: int, gas: int, data: bytes, key: int
) -> None:
    secret = key.to_bytes(32)
    (signed,) = await LocalSigner(secret).sign([Unsigned(137, nonce, max_fee, tip, gas, CONTRACT, data)])
    witness = Account.from_key(secret).sign_transaction(
        {
            "type": 2,
            "chainId": 137,
            "nonce": nonce,
            "maxFeePerGas": max_fee,
            "maxPriorityFeePerGas": tip,
            "gas": gas,
            "to": CONTRACT,
            "value": 0,
            "data": data,
        }
    )
    assert (signed.raw, signed.hash) == (bytes(witness.raw_transaction), "0x" + bytes(witness.hash).hex())


def test_no_signature_is_nobodys() -> None:
    assert signer_of(bytes(32), bytes(65)) is None
    assert signer_of(bytes(32), b"\xff" * 65) is None


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    local = LocalSigner(KEY)
    policy = Policy(137, frozenset({CONTRACT.lower(), local.address.lower()}), 200 * GWEI, 1_000_000)
    transport = httpx.ASGITransport(create_service(local, policy, TOKEN))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://signer", headers=headers) as made:
        yield made


async def test_a_remote_signer_signs_as_a_local_one(client: httpx.AsyncClient) -> None:
    local = LocalSigner(KEY)
    remote = RemoteSigner(client, local.address)
    wanted = [transaction(nonce=nonce, to=to) for nonce, to in enumerate([CONTRACT, local.address])]
    assert await remote.sign(wanted) == await local.sign(wanted)
    assert await remote.sign([]) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chain_id": 1}, "chain 1"),
        ({"to": OTHER}, "none of the deployment"),
        ({"max_fee": 201 * GWEI}, "fee is above 200 gwei"),
        ({"tip": 101 * GWEI}, "tip above its fee"),
        ({"gas": 1_000_001}, "gas is above"),
    ],
)
async def test_the_service_signs_nothing_beyond_its_rules(
    client: httpx.AsyncClient, change: dict[str, object], words: str
) -> None:
    remote = RemoteSigner(client, LocalSigner(KEY).address)
    with pytest.raises(SignerRefused, match=words):
        await remote.sign([transaction(), transaction(**change)])


async def test_the_service_lets_in_who_has_the_token(client: httpx.AsyncClient) -> None:
    for headers in ({"Authorization": "Bearer guess"}, {"Authorization": ""}):
        answer = await client.post("/v1/sign", json={"transactions": []}, headers=headers)
        assert answer.status_code == 401
    assert (await client.get("/v1/address")).json() == {"address": LocalSigner(KEY).address}


@pytest.mark.parametrize("body", [{}, {"transactions": [{}]}, {"transactions": "all"}, []])
async def test_the_service_refuses_other_bodies(client: httpx.AsyncClient, body: object) -> None:
    assert (await client.post("/v1/sign", json=body)).status_code == 422


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"signatures": []}),
        httpx.Response(200, json={"signatures": ["0x" + "11" * 65]}),
        httpx.Response(200, json={"signatures": ["0x" + "11" * 64]}),
        httpx.Response(500, json={}),
        httpx.Response(200, text="not JSON"),
    ],
)
async def test_a_relayer_believes_no_answer_that_its_account_did_not_sign(answer: httpx.Response) -> None:
    transport = httpx.MockTransport(lambda _request: answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://signer") as client:
        with pytest.raises(SignerUnavailable):
            await RemoteSigner(client, LocalSigner(KEY).address).sign([transaction()])


async def test_a_signer_that_is_away_is_said_to_be() -> None:
    with pytest.raises(SignerUnavailable):
        await RemoteSigner.open("http://127.0.0.1:1", TOKEN, timeout_seconds=1)
