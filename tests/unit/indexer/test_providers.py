"""Which of several nodes is asked, what happens when it fails or is late, and that a range is never of two nodes."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from indexer import providers as pool
from indexer.errors import NodeRefused, NodeUnavailable, TornRange, WrongChain
from indexer.metrics import metrics
from indexer.providers import Providers, names_of
from indexer.score import Pace, Score
from tests.unit.indexer.scripted import BLOCK, Scripted, scripted

CHAIN = 31_337
NOBODY = "http://127.0.0.1:1/secret-key"
ADDRESS = bytes.fromhex("aa" * 20)


def truth(call: dict[str, Any], *, mark: int = 0, head: int = 7, chain: int = CHAIN) -> object:
    """A chain of which every hash tells its number, and the node's own mark in the timestamp."""
    match call["method"]:
        case "eth_chainId":
            return {"result": hex(chain)}
        case "eth_getLogs":
            return {"result": []}
    asked = call["params"][0]
    number = head if asked == "latest" else 1 if asked == "finalized" else int(asked, 16)
    own = {"number": hex(number), "hash": hash_of(number), "parentHash": hash_of(number - 1), "timestamp": hex(mark)}
    return {"result": {**BLOCK, **own}}


def hash_of(number: int) -> str:
    return "0x" + number.to_bytes(32).hex()


@pytest.fixture
def nodes() -> Iterator[list[Scripted]]:
    """Three of the same chain, each telling which it is."""
    with ExitStack() as stack:
        made = [stack.enter_context(scripted()) for _ in range(3)]
        for mark, server in enumerate(made):
            server.answer = partial(truth, mark=mark)
        yield made


def several(*servers: Scripted | str, timeout_seconds: float = 1, chain_id: int | None = CHAIN) -> Providers:
    urls = [server if isinstance(server, str) else server.url for server in servers]
    return Providers(urls, timeout_seconds=timeout_seconds, chain_id=chain_id)


async def who(providers: Providers) -> int:
    """The mark of the node that answered."""
    return (await providers.tip()).head.timestamp


async def test_the_next_node_answers_where_one_fails_and_stays_in_use(nodes: list[Scripted]) -> None:
    nodes[0].status = 500
    async with several(*nodes) as providers:
        assert await who(providers) == 1
        nodes[0].status = 200
        assert [await who(providers) for _ in range(5)] == [1] * 5


async def test_a_node_that_is_not_there_costs_nothing_but_a_moment(nodes: list[Scripted]) -> None:
    async with several(NOBODY, nodes[1]) as providers:
        assert [block.timestamp for block in await providers.blocks(1, 2)] == [1, 1]


async def test_a_node_that_fails_now_and_then_is_left(nodes: list[Scripted]) -> None:
    async with several(*nodes[:2]) as providers:
        asked = 0

        def flaky(call: dict[str, Any]) -> object:
            nonlocal asked
            asked += call["method"] == "eth_getBlockByNumber" and call["params"][0] != "finalized"
            return {"error": None} if asked % 2 else truth(call)

        nodes[0].answer = flaky
        for number in range(20):
            await providers.blocks(number + 1, number + 1)
        assert asked < 5


async def test_where_no_node_answers_the_last_error_is_told_without_a_secret() -> None:
    async with several(NOBODY, NOBODY + "-2") as providers:
        with pytest.raises(NodeUnavailable) as failed:
            await providers.tip()
        assert "secret" not in str(failed.value)


async def test_a_refusal_is_an_answer(nodes: list[Scripted]) -> None:
    nodes[0].answer = lambda call: (
        truth(call) if call["method"] == "eth_chainId" else {"error": {"message": "too large"}}
    )
    async with several(*nodes) as providers:
        with pytest.raises(NodeRefused, match="too large"):
            await providers.range([ADDRESS], 1, 2)
    assert nodes[1].sizes == nodes[2].sizes == []


async def test_nodes_of_another_chain_are_never_asked_anything_else(nodes: list[Scripted]) -> None:
    asked: list[str] = []

    def stranger(call: dict[str, Any]) -> object:
        asked.append(call["method"])
        return truth(call, chain=1)

    nodes[0].answer = stranger
    async with several(*nodes) as providers:
        assert await who(providers) in (1, 2)
        await providers.range([ADDRESS], 1, 3)
    assert set(asked) == {"eth_chainId"}


async def test_where_every_node_is_of_another_chain_that_is_told(nodes: list[Scripted]) -> None:
    async with several(*nodes, chain_id=5) as providers:
        with pytest.raises(WrongChain):
            await providers.tip()


async def test_a_wrong_chain_and_a_silent_node_is_no_reason_to_stop(nodes: list[Scripted]) -> None:
    nodes[0].answer = lambda call: truth(call, chain=1)
    async with several(nodes[0], NOBODY) as providers:
        with pytest.raises(NodeUnavailable):
            await providers.tip()


async def test_a_node_that_comes_back_as_another_chain_is_noticed(nodes: list[Scripted]) -> None:
    async with several(nodes[0]) as providers:
        await providers.tip()
        nodes[0].status = 500
        with pytest.raises(NodeUnavailable):
            await providers.tip()
        nodes[0].status, nodes[0].answer = 200, lambda call: truth(call, chain=1)
        with pytest.raises(WrongChain):
            await providers.tip()


async def test_a_range_is_of_one_node_from_its_headers_to_its_logs(nodes: list[Scripted]) -> None:
    """The first node's logs fail: its headers, fine as they were, are not used with the next one's logs."""
    nodes[0].answer = lambda call: {"error": None} if call["method"] == "eth_getLogs" else truth(call, mark=0)
    async with several(*nodes[:2]) as providers:
        found = await providers.range([ADDRESS], 1, 5)
    assert {block.timestamp for block in found.blocks} == {1}


async def test_a_torn_range_is_read_elsewhere(nodes: list[Scripted]) -> None:
    nodes[0].answer = lambda call: strangers_parent(call) if call["method"] == "eth_getBlockByNumber" else truth(call)
    async with several(nodes[0]) as providers:
        with pytest.raises(TornRange):
            await providers.range([ADDRESS], 1, 5)
    async with several(*nodes[:2]) as providers:
        found = await providers.range([ADDRESS], 1, 5)
        assert {block.timestamp for block in found.blocks} == {1}


def strangers_parent(call: dict[str, Any]) -> object:
    answer: Any = truth(call)
    return {"result": {**answer["result"], "parentHash": "0x" + "ee" * 32}}


async def test_a_late_answer_is_asked_for_beside_and_the_first_one_counts(nodes: list[Scripted]) -> None:
    async with several(*nodes[:2], timeout_seconds=5) as providers:
        for _ in range(10):
            await providers.range([ADDRESS], 1, 5)
        nodes[0].pause = 2.0
        began = time.monotonic()
        found = await providers.range([ADDRESS], 1, 5)
        assert time.monotonic() - began < 1.5
        assert {block.timestamp for block in found.blocks} == {1}
        assert await who(providers) == 1


async def test_nothing_is_asked_twice_while_answers_are_in_time(nodes: list[Scripted]) -> None:
    async with several(*nodes[:2]) as providers:
        for _ in range(20):
            await providers.range([ADDRESS], 1, 5)
    assert nodes[1].sizes == []


async def test_one_that_asks_to_wait_is_left_alone(nodes: list[Scripted]) -> None:
    nodes[0].status, nodes[0].headers = 429, {"retry-after": "30"}
    async with several(*nodes[:2]) as providers:
        assert await who(providers) == 1
        asked = len(nodes[0].sizes)
        nodes[1].status = 500
        with pytest.raises(NodeUnavailable):
            await providers.tip()
        assert len(nodes[0].sizes) == asked
        nodes[1].status, nodes[1].headers = 429, {"retry-after": "20"}
        with pytest.raises(NodeUnavailable):
            await providers.tip()
        with pytest.raises(NodeUnavailable, match="asks to wait") as waits:
            await providers.tip()
        assert 15 < waits.value.after <= 20


async def probed(providers: Providers, which: int) -> None:
    """Until the probe has heard of the node's head."""
    for _ in range(1_000):
        if providers.nodes[which].score.head:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no probe in ten seconds")


async def test_a_node_that_lags_is_left(nodes: list[Scripted], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PROBE_SECONDS", 0.01)
    nodes[1].answer = lambda call: truth(call, mark=1, head=12)
    async with several(*nodes[:2]) as providers:
        assert await who(providers) == 0
        await probed(providers, 1)
        assert await who(providers) == 1


async def test_a_node_that_is_one_block_behind_is_kept(nodes: list[Scripted], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answers are much faster than the block is worth."""
    nodes[1].answer = lambda call: truth(call, mark=1, head=8)
    nodes[1].pause = 0.4
    monkeypatch.setattr(pool, "PROBE_SECONDS", 0.01)
    monkeypatch.setattr("indexer.score.LAG_SECONDS", 0.1)
    async with several(*nodes[:2]) as providers:
        await who(providers)
        await probed(providers, 1)
        assert await who(providers) == 0


async def test_a_range_is_told_by_as_many_nodes_as_are_wanted(nodes: list[Scripted]) -> None:
    async with several(*nodes) as providers:
        found = await providers.ranges([ADDRESS], 1, 2, 2)
        assert len({one.blocks[0].timestamp for one in found}) == 2
        nodes[0].status = nodes[1].status = 500
        with pytest.raises(NodeUnavailable, match="only 1 of 2 nodes answered"):
            await providers.ranges([ADDRESS], 1, 2, 2)


async def test_what_is_no_failure_of_a_node_is_not_swallowed(nodes: list[Scripted]) -> None:
    async with several(*nodes) as providers:
        with pytest.raises(TypeError):
            await providers.range([ADDRESS], 1, float("inf"))  # type: ignore[arg-type]


def test_names_tell_hosts_apart_and_no_paths() -> None:
    assert names_of(["https://a.example/k1", "https://b.example/k2", "https://a.example/k3"]) == [
        "a.example",
        "b.example",
        "a.example#2",
    ]


def test_a_pace_is_patient_with_what_varies() -> None:
    pace = Pace()
    assert pace.patience is None
    for _ in range(50):
        pace.took(1.0)
    steady = pace.patience
    assert steady is not None
    assert steady == pytest.approx(1.0, abs=0.01)
    for seconds in (0.5, 1.5) * 25:
        pace.took(seconds)
    assert pace.patience is not None
    assert pace.patience > 2.5


def test_what_a_node_costs() -> None:
    score = Score()
    assert score.cost(100, 10) == 0
    score.failed()
    assert score.cost(100, 10) == pytest.approx(2.0)
    for _ in range(20):
        score.served()
    assert score.cost(100, 10) < 0.1
    score.head = 97
    assert score.cost(100, 10) > 3


async def test_failovers_are_counted_by_node(nodes: list[Scripted]) -> None:
    async with several(*nodes[:2]) as providers:
        label = (("host", "127.0.0.1"),)
        before = metrics.values["rpc_failovers_total"][label]
        nodes[0].status = 500
        await providers.tip()
        assert metrics.values["rpc_failovers_total"][label] == before + 1
