"""What a probe and Prometheus are told."""

from collections.abc import Iterator

import httpx
import pytest

from app.metrics import Metrics
from devnet.ports import free_port
from indexer.fetch import Range
from indexer.follow import Batch, Case, Cursor
from indexer.health import Health, finality_in_words, served
from indexer.metrics import HELP, PREFIX, metrics
from tests.unit.indexer.fake_chain import GENESIS, FakeChain


def batch_at(block: int, head: int) -> Batch:
    chain = FakeChain()
    chain.grow(block)
    return Batch(Case.NEXT, Cursor(GENESIS, 0), GENESIS, Range(tuple(chain.canonical[1:]), ()), head, 0)


@pytest.fixture
def health() -> Health:
    return Health("in words")


@pytest.fixture
def probe(health: Health) -> Iterator[httpx.Client]:
    port = free_port()
    with (
        served(health, "127.0.0.1", port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client


def test_a_process_that_never_did_anything_is_not_alive(probe: httpx.Client) -> None:
    assert probe.get("/healthz").status_code == 503
    assert probe.get("/readyz").status_code == 503


def test_a_standby_is_ready_to_take_over(probe: httpx.Client, health: Health) -> None:
    health.stands(leader=False)
    assert probe.get("/readyz").json()["leader"] is False
    assert probe.get("/readyz").status_code == 200


@pytest.mark.parametrize(("head", "status"), [(5, 200), (25, 200), (26, 503)])
def test_a_leader_is_ready_near_the_head(probe: httpx.Client, health: Health, head: int, status: int) -> None:
    health.stands(leader=True)
    health.saw(batch_at(5, head))
    answer = probe.get("/readyz")
    assert answer.status_code == status
    assert answer.json() == {
        "ready": status == 200,
        "leader": True,
        "block": 5,
        "head": head,
        "behind": head - 5,
        "finalized": 0,
        "finality": "in words",
        "audit": "not audited yet",
    }


def test_other_paths_are_not_there(probe: httpx.Client) -> None:
    assert probe.get("/").status_code == 404


def test_metrics_say_where_the_mirror_is(probe: httpx.Client, health: Health) -> None:
    health.saw(batch_at(5, 9))
    lines = probe.get("/metrics").text.splitlines()
    assert "guildhall_indexer_blocks_behind 4" in lines
    assert "# TYPE guildhall_indexer_blocks_behind gauge" in lines


def test_counters_have_labels_and_histograms_add_up() -> None:
    own = Metrics(PREFIX, HELP)
    own.count("rpc_requests_total", outcome="ok", host="a")
    own.count("rpc_requests_total", 2, outcome="ok", host="a")
    for seconds in (0.001, 0.02, 60):
        own.observe("batch_seconds", seconds)
    lines = own.text().splitlines()
    assert 'guildhall_indexer_rpc_requests_total{outcome="ok",host="a"} 3' in lines
    assert 'guildhall_indexer_batch_seconds_bucket{le="0.025"} 2' in lines
    assert 'guildhall_indexer_batch_seconds_bucket{le="+Inf"} 3' in lines
    assert "guildhall_indexer_batch_seconds_count 3" in lines
    assert own is not metrics


@pytest.mark.parametrize(
    ("depth", "forever", "words"),
    [
        (None, False, "finalized tag has passed"),
        (7, False, "once 7 others"),
        (None, True, "nothing ever becomes final"),
    ],
)
def test_finality_is_said_in_words(depth: int | None, forever: bool, words: str) -> None:
    assert words in finality_in_words(finality_depth=depth, accept_pending_forever=forever)
