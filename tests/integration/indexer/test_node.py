"""What Anvil says is what the node client understands."""

from contextlib import closing

import pytest

from indexer.errors import NodeRefused
from indexer.node import Node
from tests.integration.indexer.world import World


@pytest.fixture
def escrow(world: World) -> bytes:
    return bytes.fromhex(world.deployment.escrow[2:])


async def test_filters_know_the_blocks_with_logs(world: World, escrow: bytes, rpc_url: str) -> None:
    funded = world.fund(world.terms())
    with closing(Node(rpc_url, timeout_seconds=5)) as node:
        headers = await node.headers(funded - 1, funded)
        by_range = await node.logs([escrow], 0, funded)
        by_hash = await node.logs_in([escrow], headers[-1][0].hash)
    assert [bloom.may_hold(escrow) for _block, bloom in headers] == [False, True]
    assert [log.block_hash for log in by_range] == [headers[-1][0].hash]
    assert by_hash == by_range


async def test_an_unknown_hash_is_refused_rather_than_empty(world: World, escrow: bytes, rpc_url: str) -> None:
    with closing(Node(rpc_url, timeout_seconds=5)) as node, pytest.raises(NodeRefused):
        await node.logs_in([escrow], b"\x01" * 32)


async def test_finality_is_asked_or_counted(world: World, rpc_url: str) -> None:
    world.mine(20)
    head = world.chain.block_number()
    with closing(Node(rpc_url, timeout_seconds=5)) as node:
        assert (await node.tip()).finalized_number == head - 8
    with closing(Node(rpc_url, timeout_seconds=5, finality_depth=3)) as node:
        assert (await node.tip()).finalized_number == head - 3
