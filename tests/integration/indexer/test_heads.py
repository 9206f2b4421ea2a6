"""A subscription wakes the loop at once; without one, or with a broken one, polling goes on."""

import asyncio
import time
from collections.abc import Callable

import pytest
from websockets.asyncio.server import ServerConnection, serve

from devnet.processes import Service
from indexer.heads import Heads
from indexer.work import running_beside
from tests.integration.indexer.world import Mirror, World, wait_until

Start = Callable[[Service], Service]
SLOW_POLL = {"POLL_SECONDS": "5"}


@pytest.fixture
def ws_url(rpc_url: str) -> str:
    """Anvil serves both at one port."""
    return rpc_url.replace("http", "ws", 1)


def test_a_new_head_is_mirrored_long_before_the_next_poll(
    world: World, mirror: Mirror, start: Start, ws_url: str
) -> None:
    start(mirror.indexer(**SLOW_POLL, RPC_WS_URL=ws_url))
    mirror.catch_up(world.chain)
    for _ in range(3):
        world.fund(world.terms())
        mirrored = time.monotonic()
        mirror.catch_up(world.chain)
        assert time.monotonic() - mirrored < 2.5


def test_a_subscription_that_nobody_answers_leaves_the_poll(world: World, mirror: Mirror, start: Start) -> None:
    indexer = start(mirror.indexer(RPC_WS_URL="ws://127.0.0.1:9/secret-path"))
    world.fund(world.terms())
    mirror.catch_up(world.chain)
    log = indexer.command.log
    assert log is not None
    wait_until(lambda: "subscription failed" in log.read_text(), "the failure is said")
    assert "secret-path" not in log.read_text()


async def test_waits_no_longer_than_told_and_not_at_all_after_news(ws_url: str, world: World) -> None:
    heads = Heads(ws_url)
    async with running_beside(heads.listen(), name="heads"):
        await told(heads, lambda: world.mine(1))
        began = time.monotonic()
        await heads.wait(0.2)
        assert 0.15 < time.monotonic() - began < 5


async def told(heads: Heads, act: Callable[[], None]) -> None:
    """The act is repeated until it is told of: the subscription may only just be on its way."""
    for _ in range(40):
        await asyncio.to_thread(act)
        began = time.monotonic()
        await heads.wait(1)
        if time.monotonic() - began < 0.9:
            return
    raise AssertionError("nothing was told")


async def test_connects_anew_after_a_refusal_and_after_a_node_that_hangs_up() -> None:
    came = asyncio.Event()
    answers = iter(['{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}', "rubbish"])

    async def node(connection: ServerConnection) -> None:
        await connection.recv()
        answer = next(answers, None)
        if answer is not None:
            await connection.send(answer)
            return
        await connection.send('{"jsonrpc":"2.0","id":1,"result":"0x1"}')
        await connection.send('{"jsonrpc":"2.0","method":"eth_subscription","params":{}}')
        came.set()
        await connection.wait_closed()

    async with serve(node, "127.0.0.1", 0) as server, asyncio.timeout(20):
        port = next(iter(server.sockets)).getsockname()[1]
        heads = Heads(f"ws://127.0.0.1:{port}")
        async with running_beside(heads.listen(), name="heads"):
            await came.wait()
            began = time.monotonic()
            await heads.wait(5)
            assert time.monotonic() - began < 4
