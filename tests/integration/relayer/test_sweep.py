"""A sweep as the worker runs it, and nodes that answer less than one would wish."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.boundary import WorkerRuntime, transaction
from app.chain.json_rpc import Call
from app.chain.rpc import METHOD_NOT_FOUND, AsyncChain
from app.errors import RelayerKeyMissing, RpcRefused
from app.relayer.jobs import sweep
from app.relayer.models import Intent
from app.relayer.rules import MAX_ATTEMPTS
from devnet.keys import write_key_file
from tests.integration.relayer.bench import Bench, MakeRuntime, key_of


class Reticent(AsyncChain):
    """A real node behind a provider that refuses some questions."""

    refused: tuple[Any, ...] = ()

    def refusal(self, method: str, *params: Any) -> RpcRefused | None:
        if (method, *params[:1])[: len(self.refused)] != self.refused:
            return None
        return RpcRefused(method=method, code=METHOD_NOT_FOUND, message="not offered here")

    async def request(self, method: str, *params: Any) -> Any:
        if refused := self.refusal(method, *params):
            raise refused
        return await super().request(method, *params)

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        return [self.refusal(*call) or await self._or_refusal(*call) for call in calls]


def refusing(bench: Bench, pool_url: str, *refused: Any, finality_depth: int | None = None) -> Bench:
    chain = Reticent([pool_url], timeout_seconds=5)
    chain.refused = refused
    return replace(bench, sender=replace(bench.sender, chain=chain, finality_depth=finality_depth))


async def test_an_unanswered_simulation_is_tried_again_later(bench: Bench, pool_url: str) -> None:
    reticent = refusing(bench, pool_url, "eth_estimateGas")
    waiting = await reticent.enqueue("unanswered")
    await reticent.sweep()
    intent = await reticent.intent(waiting)
    assert (intent.state, intent.attempts) == ("queued", 1)
    assert await reticent.transactions() == []
    await reticent.chain.close()
    assert (await bench.sweep_to(waiting, "mined", "final")).reason is None


async def test_a_simulation_that_nobody_answers_fails_in_the_end(bench: Bench, pool_url: str) -> None:
    reticent = refusing(bench, pool_url, "eth_estimateGas")
    waiting = await reticent.enqueue("never answered")
    async with transaction(bench.sender.sessions) as session:
        await session.execute(update(Intent).where(Intent.id == waiting).values(attempts=MAX_ATTEMPTS - 1))
    intent = await reticent.sweep_to(waiting, "failed")
    assert (intent.reason, intent.error) == ("unanswered", {"text": "not offered here"})
    await reticent.chain.close()


async def test_finality_by_depth_where_the_node_knows_no_tag(bench: Bench, pool_url: str) -> None:
    deep = refusing(bench, pool_url, "eth_getBlockByNumber", "finalized", finality_depth=3)
    carried = await deep.enqueue("by depth")
    await deep.sweep_to(carried, "mined", "final")
    await deep.mine(4)
    assert (await deep.sweep_to(carried, "final")).state == "final"
    await deep.chain.close()


async def test_nothing_is_final_without_tag_and_depth(bench: Bench, pool_url: str) -> None:
    blind = refusing(bench, pool_url, "eth_getBlockByNumber", "finalized")
    carried = await blind.enqueue("never final")
    await blind.sweep_to(carried, "mined")
    await blind.mine(20)
    await blind.sweep()
    assert (await blind.intent(carried)).state == "mined"
    await blind.chain.close()


@pytest.fixture
def runtime(bench: Bench, worker_runtime: MakeRuntime, tmp_path: Path) -> WorkerRuntime:
    """What a worker process has; its key is the bench's own sender."""
    return worker_runtime(relayer_key_file=write_key_file(tmp_path, "relayer", key_of(bench.sender)))


async def test_a_worker_sweeps_with_the_key_of_its_settings(bench: Bench, runtime: WorkerRuntime) -> None:
    carried = await bench.enqueue("by a worker")
    await sweep(runtime)
    await sweep(runtime)
    assert (await bench.intent(carried)).state in ("sent", "mined")
    assert [row.sender for row in await bench.transactions()] == [bench.sender.address]


async def test_a_worker_leaves_a_silent_chain_for_the_next_sweep(
    bench: Bench, runtime: WorkerRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = await bench.enqueue("silent chain")
    away = runtime.settings.model_copy(update={"rpc_urls": ("http://127.0.0.1:9",)})
    await sweep(replace(runtime, settings=away))
    assert "sweep stopped" in caplog.text
    assert (await bench.intent(waiting)).state == "queued"


async def test_a_worker_without_a_key_says_which_setting_is_missing(runtime: WorkerRuntime) -> None:
    keyless = runtime.settings.model_copy(update={"relayer_key_file": None})
    with pytest.raises(RelayerKeyMissing, match="RELAYER_KEY_FILE"):
        await sweep(replace(runtime, settings=keyless))
