"""A node that knows no finalized block: nothing is called final by mistake, and nobody wonders why."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import orjson
import pytest

from devnet.ports import free_port
from devnet.processes import Service
from tests.conftest import Anvil
from tests.integration.indexer.world import Mirror, World, wait_until

Start = Callable[[Service], Service]
UNKNOWN = {"code": -39001, "message": "finalized block not found"}


class Untagged(ThreadingHTTPServer):
    """Passes everything on to a node, except what asks for the finalized block."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind


class Handler(BaseHTTPRequestHandler):
    server: Untagged

    def do_POST(self) -> None:
        calls = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
        passed = [call for call in calls if "finalized" not in call["params"]]
        answers = httpx.post(self.server.behind, json=passed, trust_env=False).json() if passed else []
        answers += [{"id": call["id"], "error": UNKNOWN} for call in calls if call not in passed]
        body = orjson.dumps(answers)
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def untagged(anvil: Anvil) -> Iterator[str]:
    server = Untagged(anvil.rpc_url)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_refuses_to_guess_what_is_final(world: World, mirror: Mirror, untagged: str) -> None:
    indexer = mirror.indexer(RPC_URLS=untagged)
    indexer.start()
    assert indexer.wait(20) == 2
    log = indexer.command.log
    assert log is not None
    assert "ACCEPT_PENDING_FOREVER" in log.read_text()


def test_mirrors_without_finality_when_told_to(world: World, mirror: Mirror, untagged: str, start: Start) -> None:
    port = free_port()
    world.fund(world.terms())
    world.mine(20)
    start(mirror.indexer(RPC_URLS=untagged, ACCEPT_PENDING_FOREVER="true", INDEXER_PORT=str(port)))
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT finalized_number < (SELECT min(block_number) FROM chain.logs) FROM chain.cursors") == [
        (True,)
    ]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as probe:
        wait_until(lambda: probe.get("/readyz").status_code == 200, "it is ready")
        told = probe.get("/readyz").json()
        assert told["leader"]
        assert "nothing ever becomes final" in told["finality"]
        assert told["block"] == world.chain.block_number()
        assert "guildhall_indexer_events_total" in probe.get("/metrics").text


def test_counts_blocks_when_told_to(world: World, mirror: Mirror, untagged: str, start: Start) -> None:
    world.mine(20)
    start(mirror.indexer(RPC_URLS=untagged, FINALITY_DEPTH="5"))
    mirror.catch_up(world.chain)
    head = world.chain.block_number()
    wait_until(lambda: mirror.rows("SELECT finalized_number FROM chain.cursors") == [(head - 5,)], "5 blocks behind")
