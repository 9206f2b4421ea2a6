"""The client tells a revert from a refusal from silence, and moves on to the next node."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.chain.contracts import call_data, decode_revert
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.errors import CallReverted, ChainUnavailable, RpcRefused

DEAD = "http://127.0.0.1:1"


@pytest.fixture
async def mute() -> AsyncIterator[str]:
    """A node that accepts and never answers."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.fixture
async def babbling() -> AsyncIterator[str]:
    """A node that answers with what is no JSON-RPC."""

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<p>no")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_asks_the_next_node(rpc_url: str, mute: str, babbling: str) -> None:
    async with AsyncChain([DEAD, babbling, mute, rpc_url], timeout_seconds=0.5) as chain:
        assert await chain.chain_id() == 31337


async def test_silence_ends_in_time(mute: str) -> None:
    started = time.monotonic()
    async with AsyncChain([mute], timeout_seconds=0.3) as chain:
        with pytest.raises(ChainUnavailable) as silent:
            await chain.chain_id()
    assert time.monotonic() - started < 3
    assert silent.value.facts["method"] == "eth_chainId"


async def test_a_revert_keeps_its_data(chain: AsyncChain, contracts: Deployment) -> None:
    with pytest.raises(CallReverted) as reverted:
        await chain.call(contracts.escrow, call_data("TaskEscrow", "withdraw", contracts.token))
    revert = decode_revert(reverted.value.data)
    assert revert is not None
    assert (revert.name, revert.args) == ("NothingOwed", {"owner": contracts.token})
    with pytest.raises(CallReverted):
        await chain.estimate_gas(
            contracts.escrow, call_data("TaskEscrow", "withdraw", contracts.token), sender=contracts.token
        )


async def test_a_refusal_keeps_its_words(chain: AsyncChain) -> None:
    with pytest.raises(RpcRefused) as refused:
        await chain.request("eth_noSuchMethod")
    assert refused.value.code == -32601
    with pytest.raises(RpcRefused, match="decode"):
        await chain.send_raw(b"\1\2\3")


async def test_reads_blocks_and_accounts(chain: AsyncChain, contracts: Deployment) -> None:
    head = await chain.block("latest")
    assert head is not None
    parent = await chain.block(head.number - 1)
    assert parent is not None
    assert head.parent_hash == parent.hash
    assert await chain.block(10**9) is None
    assert len(await chain.code(contracts.escrow)) > 1000
    assert await chain.balance(contracts.escrow) == 0
    assert await chain.nonce(contracts.escrow) == 1
    assert await chain.suggested_tip() >= 0
