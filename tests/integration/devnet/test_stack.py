"""The whole stack: ready as one, gone as one."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from devnet import stack
from devnet.stack import Stack
from tests.integration.devnet.test_network import without_urls
from tests.integration.devnet.test_nothing_stays import Owner, wait_until

OWNER_OF_A_STACK = """
import sys, signal, pathlib
from devnet import stack
with stack.start(pathlib.Path(sys.argv[1])):
    print("ready", flush=True)
    signal.pause()
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack.start(tmp_path_factory.mktemp("stack"), env=without_urls()) as started:
        yield started


def test_api_names_the_deployed_contracts(running: Stack) -> None:
    with urllib.request.urlopen(f"{running.url}/v1/network", timeout=10) as answer:
        network = json.load(answer)
    assert network["chain_id"] == 31337
    assert network["contracts"]["TaskEscrow"] == running.deployment.contracts["TaskEscrow"]


def test_a_killed_process_is_named_and_comes_back(running: Stack) -> None:
    assert running.failed() == []
    running.processes["indexer"].kill()
    assert [service.name for service in running.failed()] == ["indexer"]
    running.restart("indexer", POLL_SECONDS="0.1")
    assert running.processes["indexer"].command.env["POLL_SECONDS"] == "0.1"
    running.restart("indexer", POLL_SECONDS="")
    assert "POLL_SECONDS" not in running.processes["indexer"].command.env
    assert running.failed() == []


def test_kill_9_of_its_owner_leaves_nothing(tmp_path: Path) -> None:
    owner = Owner(OWNER_OF_A_STACK, str(tmp_path))
    assert len(owner.members()) > 16
    owner.process.kill()
    wait_until(lambda: owner.members() == [])
    owner.close()
