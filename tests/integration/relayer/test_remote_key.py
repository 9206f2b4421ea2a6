"""The relayer sends with keys that it does not hold: a signer in a process of its own, over HTTP."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from app.boundary import WorkerRuntime
from app.relayer.jobs import signers_of, sweep
from app.signing.service import SignerSettings, open_service
from devnet.binaries import ROOT
from devnet.keys import write_key_file
from devnet.ports import free_port
from devnet.processes import Command, Service
from tests.integration.relayer.bench import Bench, MakeRuntime, key_of

TOKEN = "a token of this test"


@pytest.fixture
def signer(bench: Bench, deployment_file: Path, tmp_path: Path, run_env: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """Its URL, and the file with its token."""
    port = free_port()
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(TOKEN + "\n")
    url = f"http://127.0.0.1:{port}"
    env = run_env | {
        "SIGNER_KEY": f"file:{write_key_file(tmp_path, 'kept', key_of(bench.sender))}",
        "SIGNER_TOKEN_FILE": str(token),
        "SIGNER_DEPLOYMENT_FILE": str(deployment_file),
        "SIGNER_PORT": str(port),
    }

    def ready() -> bool:
        try:
            return httpx.get(f"{url}/v1/address", timeout=2).status_code == 401
        except httpx.TransportError:
            return False

    service = Service(
        Command("signer", [sys.executable, "-m", "app.signing.service"], env, tmp_path / "signer.log", ready, cwd=ROOT)
    )
    service.start()
    try:
        yield url, token
    finally:
        service.stop()


@pytest.fixture
def runtime(worker_runtime: MakeRuntime, signer: tuple[str, Path]) -> WorkerRuntime:
    """A worker whose key is the signer's."""
    url, token = signer
    return worker_runtime(relayer_keys=f"signer:{url}", signer_token_file=token)


async def test_a_worker_sends_with_a_key_that_it_does_not_hold(bench: Bench, runtime: WorkerRuntime) -> None:
    assert [each.address for each in await signers_of(runtime.settings)] == [bench.sender.address]
    carried = [await bench.enqueue(f"remote {number}") for number in range(3)]
    for _ in range(3):
        await sweep(runtime)
    assert {(await bench.intent(each)).state for each in carried} <= {"mined", "final"}
    assert [row.sender for row in await bench.transactions()] == [bench.sender.address] * 3


async def test_what_the_signer_does_not_sign_fails_and_holds_nothing_up(bench: Bench, runtime: WorkerRuntime) -> None:
    """A call to a contract that is none of the deployment's."""
    foreign = await bench.enqueue("foreign", b"", type(bench.sender.address)("0x" + "44" * 20))
    others = [await bench.enqueue(f"beside {number}") for number in range(3)]
    for _ in range(3):
        await sweep(runtime)
    refused = await bench.intent(foreign)
    assert (refused.state, refused.reason) == ("failed", "signer_refused")
    assert refused.error is not None
    assert "none of the deployment's contracts" in str(refused.error["text"])
    assert {(await bench.intent(each)).state for each in others} <= {"mined", "final"}
    assert [row.nonce for row in await bench.transactions()] == [0, 1, 2]


async def test_a_signer_keeps_a_key_itself(deployment_file: Path, signer: tuple[str, Path]) -> None:
    url, token = signer
    settings = SignerSettings(key=f"signer:{url}", token_file=token, deployment_file=deployment_file)
    with pytest.raises(Exception, match="SIGNER_TOKEN_FILE"):
        await open_service(settings)


async def test_a_worker_without_its_signer_waits(
    bench: Bench, runtime: WorkerRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = await bench.enqueue("no signer")
    away = runtime.settings.model_copy(update={"relayer_keys": ("signer:http://127.0.0.1:9",)})
    await sweep(replace(runtime, settings=away))
    assert "sweep stopped" in caplog.text
    assert (await bench.intent(waiting)).state == "queued"
